#include "controller/http/client.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "controller/http/problem.h"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error \
    "link PkgConfig::cpp-httplib: without its definitions the classes have another layout than the library's"
#endif

// cpp-httplib's timeouts bound one wait for bytes each, not a call: a server that sends a byte now
// and then is never late. So the receiver looks at the deadline with each piece of the body, and a
// Cancellation ends a call from outside, which alone also ends one that drips its headers. Name
// resolution (getaddrinfo) can be ended by neither.

namespace portolan::controller {
namespace {

constexpr std::size_t kLineBytesMax = 16 << 20;
constexpr std::size_t kProblemBytesMax = 64 * 1024;

using Steady = std::chrono::steady_clock;

std::unique_ptr<httplib::Client> Connect(const HttpClient::Options& options, Duration silence) {
  const Endpoint& endpoint = options.endpoint;
  std::unique_ptr<httplib::Client> client;
  if (endpoint.kind == Peer::Kind::kUnix) {
    client = std::make_unique<httplib::Client>(endpoint.path, 80);
    client->set_address_family(AF_UNIX);
  } else if (endpoint.tls) {
    client = std::make_unique<httplib::Client>(endpoint.ToString());
  } else {
    client = std::make_unique<httplib::Client>(endpoint.host, endpoint.port);
  }
  client->set_connection_timeout(std::min(silence, options.connect_timeout));
  client->set_read_timeout(silence);
  client->set_write_timeout(silence);
  client->set_tcp_nodelay(true);
  // Targets come encoded (PercentEncode), and the server compares them byte by byte.
  client->set_url_encode(false);
  return client;
}

httplib::Request MakeRequest(const HttpClient::Options& options, const HttpClient::Call& call) {
  httplib::Request request;
  request.method = call.method;
  request.path = call.target;
  request.body = call.body;
  if (!call.body.empty()) request.set_header("Content-Type", call.content_type);
  // The library would send the socket's path.
  if (options.endpoint.kind == Peer::Kind::kUnix) request.set_header("Host", "localhost");
  if (!options.token.empty()) request.set_header("Authorization", "Bearer " + options.token);
  for (const auto& [name, value] : call.headers) request.set_header(name, value);
  return request;
}

Error NoDaemon(const Endpoint& endpoint) {
  return {ErrorCode::kUnavailable,
          "no daemon answers at " + endpoint.ToString() + "; start one with: portolan serve"};
}

Error Failed(const Endpoint& endpoint, httplib::Error error) {
  if (error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout) {
    return NoDaemon(endpoint);
  }
  return {ErrorCode::kUnavailable, "the call to " + endpoint.ToString() + " failed: " +
                                       httplib::to_string(error) + "; see whether the daemon runs"};
}

// Cuts a byte stream into lines.
// A line of an event stream is one event: as long as the largest event, with room.
class LineSplitter {
 public:
  explicit LineSplitter(const std::function<bool(std::string_view)>& on_line) : on_line_(on_line) {}

  // False to stop: the reader wants no more, or a line is too long.
  bool Add(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      partial_.append(bytes.substr(0, end));
      if (partial_.size() > kLineBytesMax) return false;
      if (end == bytes.npos) return true;
      bytes.remove_prefix(end + 1);
      if (partial_.ends_with('\r')) partial_.pop_back();
      if (!on_line_(std::exchange(partial_, {}))) {
        stopped_ = true;
        return false;
      }
    }
    return true;
  }

  bool stopped_by_reader() const { return stopped_; }

 private:
  const std::function<bool(std::string_view)>& on_line_;
  std::string partial_;
  bool stopped_ = false;
};

}  // namespace

std::string_view ClientResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

void Cancellation::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

bool Cancellation::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

// A descriptor of our own: the library may have closed its one, and another thread opened the same
// number, when Cancel comes.
void Cancellation::Attach(int fd) {
  Detach();
  const std::lock_guard lock(mutex_);
  fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (cancelled_ && fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void Cancellation::Detach() {
  const std::lock_guard lock(mutex_);
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Cancellation::~Cancellation() {
  Detach();
}

Result<ClientResponse> HttpClient::Do(const Call& call) const {
  const auto deadline = Steady::now() + call.deadline;
  const auto client = Connect(options_, call.deadline);
  if (call.cancellation != nullptr)
    client->set_socket_options([&](socket_t fd) { call.cancellation->Attach(fd); });
  httplib::Request request = MakeRequest(options_, call);
  ClientResponse response;
  bool too_large = false;
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    too_large = response.body.size() + size > options_.body_bytes_max;
    if (too_large || Steady::now() > deadline) return false;
    // Between two pieces; within one, Cancel shuts the socket down.
    if (call.cancellation != nullptr && call.cancellation->cancelled()) return false;
    response.body.append(data, size);
    return true;
  };
  const httplib::Result result = client->send(request);
  if (call.cancellation != nullptr) {
    call.cancellation->Detach();
    if (call.cancellation->cancelled())
      return Error{ErrorCode::kCancelled,
                   "the call to " + options_.endpoint.ToString() + " was given up"};
  }
  // Before the library's own error, which is only "cancelled" when a receiver refuses.
  if (too_large) {
    return Error{ErrorCode::kExhausted, "the answer of " + options_.endpoint.ToString() +
                                            " is larger than " +
                                            std::to_string(options_.body_bytes_max) + " bytes"};
  }
  if (!result && Steady::now() >= deadline) {
    return Error{ErrorCode::kTimeout, options_.endpoint.ToString() + " did not answer within " +
                                          FormatDuration(call.deadline)};
  }
  if (!result) return Failed(options_.endpoint, result.error());
  response.status = result->status;
  response.headers.assign(result->headers.begin(), result->headers.end());
  return response;
}

Status HttpClient::Stream(const std::string& target, const HeaderList& headers,
                          const std::function<bool(std::string_view line)>& on_line) const {
  const auto client = Connect(options_, options_.stream_silence_max);
  Call call;
  call.target = target;
  call.headers = headers;
  httplib::Request request = MakeRequest(options_, call);
  int status = 0;
  std::string problem;
  LineSplitter lines(on_line);
  request.response_handler = [&](const httplib::Response& response) {
    status = response.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (status == 200) return lines.Add({data, size});
    problem.append(data, size);
    return problem.size() <= kProblemBytesMax;
  };
  const httplib::Result result = client->send(request);
  if (status != 0 && status != 200) return ErrorOfProblem(status, problem);
  if (result || lines.stopped_by_reader()) return {};
  return Failed(options_.endpoint, result.error());
}

}  // namespace portolan::controller
