#include "controller/http/server.h"

#include <httplib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "controller/http/lobby.h"
#include "controller/http/problem.h"
#include "controller/http/stream_threads.h"
#include "controller/http/worker_pool.h"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error \
    "link PkgConfig::cpp-httplib: without its definitions the classes have another layout than the library's"
#endif

// Who runs: an acceptor, a lobby (lobby.h), a fixed number of workers, and a thread per open
// stream. A connection belongs to exactly one of them at a time, and is handed over by moving its
// pointer.
//
// Stop goes along the way of a connection, so that nothing arrives behind a part that has ended:
// no more sockets; no more requests; streams, which would not end by themselves; answers under way
// get `stop_grace`, then the sockets that are being written are shut down under their writers; the
// workers are joined; the listener goes last, with its unix socket's file.

namespace portolan::controller {
namespace {

// cpp-httplib's accept loop over a socket of ours. Its virtual process_and_close_socket is where a
// connection enters.
// The library is used for this loop only (server.h says why).
class Acceptor final : public httplib::Server {
 public:
  Acceptor(int listening, std::function<void(int)> on_socket)
      : listening_(listening), on_socket_(std::move(on_socket)) {
    new_task_queue = [] { return new Inline; };
  }

  // Until Stop. The library's loop ends, and closes its socket, at some errors of accept(2): hence
  // a copy each time.
  void Run() {
    while (!stopping_) {
      const int copy = ::fcntl(listening_, F_DUPFD_CLOEXEC, 0);
      if (copy < 0) {
        ::poll(nullptr, 0, 50);  // out of descriptors: wait for one
        continue;
      }
      svr_sock_ = copy;
      listen_after_bind();
    }
  }

  void Stop() {
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
  }

 private:
  // Runs a job where it is queued: handing a socket over does not block.
  struct Inline final : httplib::TaskQueue {
    void enqueue(std::function<void()> job) override { job(); }
    void shutdown() override {}
  };

  bool process_and_close_socket(socket_t socket) override {
    on_socket_(socket);
    return true;
  }

  const int listening_;
  const std::function<void(int)> on_socket_;
  std::atomic<bool> stopping_ = false;
};

HeadLimits LimitsOf(const HttpServer::Options& options) {
  HeadLimits limits{options.head_bytes_max, options.header_count_max, options.body_bytes_max, {}};
  if (options.endpoint.kind == Peer::Kind::kUnix || options.any_host) return limits;
  limits.hosts = options.host_names;
  limits.hosts.insert(limits.hosts.end(), {"localhost", "127.0.0.1", "[::1]"});
  const std::string& host = options.endpoint.host;
  limits.hosts.push_back(host.find(':') == host.npos ? host : "[" + host + "]");
  return limits;
}

// Distinct within and, very likely, across runs of the daemon; not a secret.
// 32 bits of a random start and a counter: people search the log for it, nothing else hangs on it.
class RequestIds {
 public:
  std::string Next() {
    const std::uint64_t number = next_.fetch_add(1);
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%08x%08x", start_, static_cast<unsigned>(number));
    return text.data();
  }

 private:
  const unsigned start_ = std::random_device()();
  std::atomic<std::uint64_t> next_ = 1;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(Options options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        lobby_({LimitsOf(options_), options_.header_deadline, options_.body_deadline,
                options_.idle_timeout, options_.connections_max},
               [this](ConnectionPtr& c, Request& r) { return workers_->Offer(c, r); }),
        streams_(options_.streams_max, options_.write_deadline) {}

  Result<int> Start() {
    auto listener = Listen(options_.endpoint, options_.unix_mode);
    if (!listener.ok()) return listener.error();
    listener_.emplace(std::move(listener).value());
    workers_.emplace(options_.threads, options_.queue_max,
                     [this](WorkerPool::Job job) { Serve(std::move(job)); });
    acceptor_.emplace(listener_->fd(), [this](int socket) { Welcome(socket); });
    lobby_thread_ = std::thread([this] { lobby_.Run(); });
    accept_thread_ = std::thread([this] { acceptor_->Run(); });
    return listener_->endpoint().port;
  }

  void Stop() {
    if (!accept_thread_.joinable()) return;
    stopping_ = true;
    acceptor_->Stop();
    accept_thread_.join();
    lobby_.Stop();
    lobby_thread_.join();
    streams_.Stop();
    // Only writers can be cut short. A handler that computes or waits is waited for: it has no way
    // out in the middle that would leave its effects whole.
    if (!workers_->WaitIdle(options_.stop_grace)) {
      const std::lock_guard lock(mutex_);
      for (int fd : answering_) ::shutdown(fd, SHUT_RDWR);
    }
    workers_->Stop();
    listener_.reset();
  }

  const std::optional<Listener>& listener() const { return listener_; }
  const Endpoint& endpoint() const { return options_.endpoint; }
  const StreamThreads& streams() const { return streams_; }

 private:
  void Welcome(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    lobby_.Admit(std::make_unique<Connection>(socket, PeerOf(socket)));
  }

  void Serve(WorkerPool::Job job) {
    Connection& connection = *job.connection;
    job.request.id = ids_.Next();
    Response response = Answer(job.request);
    const bool head_only = job.request.method == "HEAD";
    // HEAD of a stream gets the head alone, without a length: the body would have none.
    if (response.stream && !head_only) {
      AddSecurityHeaders(response);
      if (streams_.Start(job.connection, response, WriteHead(response, std::nullopt, true))) return;
      response = ProblemResponse(503, "unavailable", "too many streams are open; try again");
      response.SetHeader("Retry-After", "5");
    }
    AddSecurityHeaders(response);
    const bool keep = connection.head.keep_alive && !stopping_ && !response.stream &&
                      ++connection.served < options_.keep_alive_max;
    const bool streaming = static_cast<bool>(response.stream);
    // Head and body in one send: with TCP_NODELAY two would be two packets.
    std::string bytes =
        WriteHead(response, streaming ? std::nullopt : std::optional(response.body.size()), !keep);
    if (!head_only) bytes += response.body;
    if (!Send(connection, bytes)) return;
    if (keep) {
      lobby_.Admit(std::move(job.connection));
    } else {
      lobby_.Drain(std::move(job.connection));
    }
  }

  Response Answer(Request& request) const {
    try {
      return handler_(request);
    } catch (const std::exception&) {
      return ProblemResponse(Error{ErrorCode::kInternal, ""});
    }
  }

  // While a descriptor is in `answering_` its connection lives, so Stop never shuts down a number
  // that is somebody else's by now.
  bool Send(const Connection& connection, std::string_view bytes) {
    {
      const std::lock_guard lock(mutex_);
      answering_.insert(connection.fd);
    }
    const auto deadline = std::chrono::steady_clock::now() + options_.write_deadline;
    const bool sent = SendAll(connection.fd, bytes, deadline);
    const std::lock_guard lock(mutex_);
    answering_.erase(connection.fd);
    return sent;
  }

  const Options options_;
  const Handler handler_;
  RequestIds ids_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::set<int> answering_;  // guarded by mutex_: sockets being written
  std::optional<Listener> listener_;
  std::optional<Acceptor> acceptor_;
  std::optional<WorkerPool> workers_;
  Lobby lobby_;
  StreamThreads streams_;
  std::thread lobby_thread_;
  std::thread accept_thread_;
};

HttpServer::HttpServer(Options options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() {
  Stop();
}

Result<int> HttpServer::Start() {
  auto port = impl_->Start();
  return port;
}

void HttpServer::Stop() {
  impl_->Stop();
}

std::string HttpServer::address() const {
  const auto& listener = impl_->listener();
  return (listener ? listener->endpoint() : impl_->endpoint()).ToString();
}

std::size_t HttpServer::open_streams() const {
  return impl_->streams().open();
}

}  // namespace portolan::controller
