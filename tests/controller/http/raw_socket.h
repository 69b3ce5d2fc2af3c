#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace portolan::controller {

// A client that sends exactly the bytes a test says. Every wait ends after ten seconds, and the
// test then fails.
class RawSocket {
 public:
  static RawSocket Tcp(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return RawSocket(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  static RawSocket Unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return RawSocket(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  RawSocket(RawSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  // False when the server has closed or does not read.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!Poll(POLLOUT)) return false;
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // What arrives until the server closes.
  std::string ReadToEnd() {
    return Read([](const std::string&) { return false; });
  }

  // What arrives until it contains `text` or the server closes.
  std::string ReadUntil(std::string_view text) {
    return Read([&](const std::string& got) { return got.find(text) != std::string::npos; });
  }

  // Sends a request and reads its answer by Content-Length; the connection stays usable.
  std::string Exchange(std::string_view request) {
    if (!Send(request)) return "";
    return Read([](const std::string& got) {
      const std::size_t end = got.find("\r\n\r\n");
      if (end == std::string::npos) return false;
      const std::size_t length = got.find("Content-Length: ");
      if (length == std::string::npos || length > end) return true;
      return got.size() >= end + 4 + std::stoul(got.substr(length + 16));
    });
  }

 private:
  RawSocket(int family, const sockaddr* address, socklen_t size)
      : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        connected_(::connect(fd_, address, size) == 0) {}

  bool Poll(short events) const {
    pollfd waiting{fd_, events, 0};
    return ::poll(&waiting, 1, 10'000) == 1;
  }

  template <typename Done>
  std::string Read(Done done) {
    std::string got;
    std::array<char, 16384> buffer{};
    while (!done(got) && Poll(POLLIN)) {
      const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      got.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return got;
  }

  int fd_;
  bool connected_;
};

}  // namespace portolan::controller
