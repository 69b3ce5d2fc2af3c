#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/http/message.h"

namespace portolan::controller {

// Where a server listens, or a client connects: a TCP address or a unix socket.
struct Endpoint {
  Peer::Kind kind = Peer::Kind::kTcp;
  std::string host;  // TCP: "127.0.0.1", "localhost", "::1" without brackets
  int port = 0;      // TCP: 0 listens on any free port
  std::string path;  // unix: the socket's file
  bool tls = false;  // clients only

  std::string ToString() const;  // as ParseEndpoint reads it
};

// Reads "http://127.0.0.1:7420", "https://host", "127.0.0.1:7420", "[::1]:7420",
// "unix:///run/portolan.sock". Errors: kInvalid.
Result<Endpoint> ParseEndpoint(std::string_view text);

// An open listening socket. Closes it, and removes the unix socket's file, when destroyed. Movable.
class Listener {
 public:
  Listener(int fd, Endpoint endpoint) : fd_(fd), endpoint_(std::move(endpoint)) {}
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  int fd() const { return fd_; }
  const Endpoint& endpoint() const { return endpoint_; }  // with the port that was bound

 private:
  int fd_;
  Endpoint endpoint_;
};

// Binds and listens. SO_REUSEPORT stays off, so that a second daemon on the same port fails instead
// of taking half the connections (cpp-httplib's default does that). A unix socket is created with
// `unix_mode`; a file that a dead daemon left is replaced, one that somebody answers on is not.
// Errors: kConflict when the address is taken, kInvalid for one that cannot be, kDenied without the
// right.
Result<Listener> Listen(const Endpoint& endpoint, unsigned unix_mode = 0600);

// Who is connected: the address of a TCP peer, SO_PEERCRED of a unix one.
Peer PeerOf(int fd);

}  // namespace portolan::controller
