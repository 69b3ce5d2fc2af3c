#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "controller/http/message_head.h"

namespace portolan::controller {

using MonotonicTime = std::chrono::steady_clock::time_point;

// One accepted socket and what it has sent. Owned by exactly one of: the lobby, a worker, a stream.
// Not thread-safe.
struct Connection {
  enum class Phase { kHead, kBody, kDrain };

  Connection(int socket, Peer peer_of) : fd(socket), peer(std::move(peer_of)) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const int fd;
  const Peer peer;
  Phase phase = Phase::kHead;
  std::string input;          // arrived and not yet consumed
  MessageHead head;           // valid from kBody on
  std::size_t head_size = 0;  // its bytes at the front of `input`
  std::size_t drained = 0;    // bytes thrown away in kDrain
  std::uint64_t served = 0;   // requests answered so far
  MonotonicTime deadline{};
};

using ConnectionPtr = std::unique_ptr<Connection>;

// Sends everything before the deadline, on a socket in any mode. False when the peer is gone or too
// slow.
bool SendAll(int fd, std::string_view bytes, MonotonicTime deadline);
// Sends what the socket's buffer takes now; for short answers to a peer that may not read.
void SendNow(int fd, std::string_view bytes);

// A counter the kernel can wait for (eventfd). Set is thread-safe and sticky until Clear.
class WakeEvent {
 public:
  WakeEvent();
  ~WakeEvent();
  WakeEvent(const WakeEvent&) = delete;
  WakeEvent& operator=(const WakeEvent&) = delete;

  void Set();
  void Clear();
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace portolan::controller
