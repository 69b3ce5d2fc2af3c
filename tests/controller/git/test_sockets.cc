#include "tests/controller/git/test_sockets.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

namespace portolan::controller {
namespace {

constexpr int kPatienceMs = 10'000;

int BindLoopback() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) abort();
  return fd;
}

std::string UrlOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/maps.git";
}

bool Readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, kPatienceMs) == 1;
}

}  // namespace

SilentServer::SilentServer() : listener_(BindLoopback()) {
  if (listen(listener_, 8) != 0) abort();
}

SilentServer::~SilentServer() {
  if (connection_ >= 0) close(connection_);
  close(listener_);
}

std::string SilentServer::Url() const {
  return UrlOf(listener_);
}

bool SilentServer::WaitForRequest() {
  if (!Readable(listener_)) return false;
  connection_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  return connection_ >= 0 && Readable(connection_);
}

std::string ClosedPortUrl() {
  const int fd = BindLoopback();
  const std::string url = UrlOf(fd);
  close(fd);
  return url;
}

}  // namespace portolan::controller
