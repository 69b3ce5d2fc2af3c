#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/http/listener.h"
#include "controller/http/message.h"

namespace portolan::controller {

// An HTTP/1.1 server for tens of callers: people, command line, CI, webhooks. cpp-httplib accepts
// the connections; the messages are read and written here, because the packaged 0.11.4 buffers
// header lines and chunked bodies without limit, accepts what smuggles, and gives each idle
// connection a thread. A request reaches a worker only when it has arrived as a whole; streams have
// threads of their own. Pipelined requests are answered in order. No TLS: put it on loopback or a
// unix socket, or behind a proxy.
class HttpServer {
 public:
  struct Options {
    Endpoint endpoint;
    unsigned unix_mode = 0600;
    // Served Host names beside the loopback's and endpoint.host, without port. A unix socket serves
    // any.
    std::vector<std::string> host_names;
    bool any_host = false;  // serves every Host name, for a port that is open to others anyway
    std::size_t threads = 32;
    std::size_t queue_max = 64;         // requests waiting for a thread; more are answered 503
    std::size_t connections_max = 256;  // open and waiting for a request; more are answered 503
    std::size_t streams_max = 16;       // more are answered 503 with Retry-After
    std::size_t head_bytes_max = 16 * 1024;
    std::size_t header_count_max = 100;
    std::size_t body_bytes_max = 1 << 20;
    std::size_t keep_alive_max = 1'000'000;  // requests on one connection
    Duration header_deadline{5000};
    Duration body_deadline{10000};
    Duration write_deadline{10000};
    Duration idle_timeout{60000};
    Duration stop_grace{2000};  // for answers under way at Stop
  };
  // Called on many threads at once. Its `stream` runs on another thread.
  using Handler = std::function<Response(Request&)>;

  HttpServer(Options options, Handler handler);
  ~HttpServer();  // stops

  // Listens and serves until Stop. The port bound (0 for a unix socket); once only. Errors: those
  // of Listen.
  Result<int> Start();
  // Refuses new connections, ends streams, lets answers under way finish within stop_grace, joins
  // every thread. A handler that does not return is waited for. Idempotent, for one caller.
  void Stop();
  // Where it listens, for messages: "http://127.0.0.1:7420". Valid after Start.
  std::string address() const;
  std::size_t open_streams() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace portolan::controller
