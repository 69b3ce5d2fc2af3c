#include "controller/http/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace portolan::controller {
namespace {

constexpr int kBacklog = 1024;  // cpp-httplib's 5 makes bursts wait for SYN retries of 1 s

// Closes unless released.
class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::string Reason(int error) {
  return std::generic_category().message(error);
}

Error CannotListen(const Endpoint& endpoint, int error) {
  const std::string where = "cannot listen on " + endpoint.ToString() + ": ";
  switch (error) {
    case EADDRINUSE:
      return {ErrorCode::kConflict,
              where + "another process listens there; stop it or choose another address"};
    case EACCES:
    case EPERM:
      return {ErrorCode::kDenied, where + Reason(error)};
    default:
      return {ErrorCode::kInvalid, where + Reason(error)};
  }
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int BoundPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Result<Listener> ListenTcp(Endpoint endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int failed = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    return Error{ErrorCode::kInvalid,
                 "cannot listen on " + endpoint.ToString() + ": " + ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  // The first address of a name only: "localhost" means one loopback, not both.
  OwnedFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return CannotListen(endpoint, errno);
  const int on = 1;
  // So that a restart need not wait for connections in TIME_WAIT (socket(7)); a port that somebody
  // listens on stays taken.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return CannotListen(endpoint, errno);
  }
  endpoint.port = BoundPort(fd.get());
  return Listener(fd.release(), std::move(endpoint));
}

// Removes a socket file that nobody listens on.
Status RemoveStale(const Endpoint& endpoint, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(address.sun_path, &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return CannotListen(endpoint, EEXIST);
  // Only ECONNREFUSED says that nobody is there: a full backlog answers EAGAIN at once (unix(7)).
  const OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (probe.get() < 0 || ::connect(probe.get(), target, sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return CannotListen(endpoint, EADDRINUSE);
  }
  ::unlink(address.sun_path);
  return {};
}

Result<Listener> ListenUnix(const Endpoint& endpoint, unsigned mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.path.empty() || endpoint.path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::kInvalid,
                 "cannot listen on " + endpoint.ToString() + ": the path must have 1 to 107 bytes"};
  }
  std::memcpy(address.sun_path, endpoint.path.data(), endpoint.path.size());
  PORTOLAN_CHECK(RemoveStale(endpoint, address));
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return CannotListen(endpoint, errno);
  // Before bind, so that the file never exists with another mode (Linux: bind takes it from the
  // socket's inode).
  if (::fchmod(fd.get(), mode) != 0) return CannotListen(endpoint, errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return CannotListen(endpoint, errno);
  }
  return Listener(fd.release(), endpoint);
}

// A user without a name, or with one that does not fit, is known by number.
std::string UserName(uid_t uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return "uid:" + std::to_string(uid);
}

}  // namespace

std::string Endpoint::ToString() const {
  if (kind == Peer::Kind::kUnix) return "unix://" + path;
  const bool v6 = host.find(':') != std::string::npos;
  return std::string(tls ? "https://" : "http://") + (v6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port);
}

Result<Endpoint> ParseEndpoint(std::string_view text) {
  const Error invalid{
      ErrorCode::kInvalid,
      "\"" + std::string(text) + "\" is no endpoint: expected http://HOST:PORT or unix:///PATH"};
  Endpoint endpoint;
  if (text.starts_with("unix://")) {
    endpoint.kind = Peer::Kind::kUnix;
    endpoint.path = text.substr(7);
    if (!endpoint.path.starts_with('/')) return invalid;
    return endpoint;
  }
  if (text.starts_with("https://")) {
    endpoint.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  std::size_t colon = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return invalid;
    endpoint.host = text.substr(1, end - 1);
    colon = end + 1 == text.size() ? text.npos : end + 1;
    if (colon != text.npos && text[colon] != ':') return invalid;
  } else {
    endpoint.host = text.substr(0, colon);
  }
  if (endpoint.host.empty() || text.find_first_of("/?#@ ") != text.npos) return invalid;
  endpoint.port = endpoint.tls ? 443 : 80;
  if (colon == text.npos) return endpoint;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (parsed.ec != std::errc() || parsed.ptr != end || endpoint.port < 0 || endpoint.port > 65535) {
    return invalid;
  }
  return endpoint;
}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), endpoint_(std::move(other.endpoint_)) {}

Listener::~Listener() {
  if (fd_ < 0) return;
  // The file first: once nobody listens, a successor may put its own in its place.
  if (endpoint_.kind == Peer::Kind::kUnix) ::unlink(endpoint_.path.c_str());
  ::close(fd_);
}

Result<Listener> Listen(const Endpoint& endpoint, unsigned unix_mode) {
  if (endpoint.kind == Peer::Kind::kUnix) return ListenUnix(endpoint, unix_mode);
  return ListenTcp(endpoint);
}

Peer PeerOf(int fd) {
  Peer peer;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return peer;
  if (address.ss_family == AF_UNIX) {
    peer.kind = Peer::Kind::kUnix;
    // Of whoever connected, at that moment (unix(7)): a descriptor that is passed on keeps it.
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
      peer.uid = credentials.uid;
      peer.user = UserName(credentials.uid);
    }
    return peer;
  }
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                    nullptr, 0, NI_NUMERICHOST) == 0) {
    peer.address = host.data();
  }
  return peer;
}

}  // namespace portolan::controller
