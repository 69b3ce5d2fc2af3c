#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "controller/http/listener.h"
#include "controller/http/message.h"

namespace portolan::controller {

struct ClientResponse {
  int status = 0;
  HeaderList headers;
  std::string body;

  // The first header of that name, compared without case; empty when absent.
  std::string_view Header(std::string_view name) const;
};

// Ends a call from another thread, whatever it waits for: a server that sends a byte now and then
// is never silent, so that only this bounds its call. Outlives the call. Thread-safe.
class Cancellation {
 public:
  Cancellation() = default;
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // The call, now or once it has a connection, fails with kCancelled.
  void Cancel();
  bool cancelled() const;

 private:
  friend class HttpClient;
  void Attach(int fd);
  void Detach();

  mutable std::mutex mutex_;
  int fd_ = -1;             // guarded by mutex_; own descriptor of the call's socket, or -1
  bool cancelled_ = false;  // guarded by mutex_
};

// Calls a daemon: the command line's side of HttpServer. One connection per call, no redirects.
// Thread-safe.
class HttpClient {
 public:
  struct Options {
    Endpoint endpoint;    // ParseEndpoint("http://127.0.0.1:7420") or ("unix:///run/portolan.sock")
    std::string token{};  // sent as Authorization: Bearer; empty sends none
    std::size_t body_bytes_max = 64 << 20;
    Duration connect_timeout{3000};
    Duration stream_silence_max{60000};  // a stream without a byte for so long has failed
  };
  struct Call {
    std::string method = "GET";
    std::string target{};  // sent as it is: encode its segments with PercentEncode
    std::string body{};
    std::string content_type = "application/json";  // of a body that is not empty
    HeaderList headers{};
    Duration deadline{10000};              // for the whole call
    Cancellation* cancellation = nullptr;  // may be null
  };

  explicit HttpClient(Options options) : options_(std::move(options)) {}

  // Any status is a success here; see ErrorOfProblem. Errors: kUnavailable when nobody answers,
  // kTimeout, kExhausted for a body past body_bytes_max, kCancelled.
  Result<ClientResponse> Do(const Call& call) const;

  // Reads a streamed response line by line, without line ends, until the server ends it or
  // `on_line` returns false. Errors: as Do (but no deadline), and ErrorOfProblem of a status that
  // is not 200.
  Status Stream(const std::string& target, const HeaderList& headers,
                const std::function<bool(std::string_view line)>& on_line) const;

 private:
  Options options_;
};

}  // namespace portolan::controller
