#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "controller/http/connection.h"

namespace portolan::controller {

// Where connections wait, many on one thread, until a whole request has arrived: workers meet
// complete requests only, so slow, idle and hostile clients cost a file descriptor and never a
// worker. Refuses malformed and late requests itself. Admit, Drain and Stop are thread-safe; Run is
// the loop of one thread.
class Lobby {
 public:
  struct Options {
    HeadLimits limits;
    Duration header_deadline{5000};  // from a request's first byte to the end of its head
    Duration body_deadline{10000};   // from there to the end of its body
    Duration idle_timeout{60000};    // without a request; the connection then closes silently
    std::size_t connections_max = 256;
  };
  // Takes the connection and its request, on the lobby's thread, or leaves both and returns false
  // when busy (503).
  using Receiver = std::function<bool(ConnectionPtr&, Request&)>;

  Lobby(Options options, Receiver receiver);
  ~Lobby();

  // A new connection, or one that was answered and is kept. A new one past connections_max gets a
  // 503, past twice that many it is closed without a word.
  void Admit(ConnectionPtr connection);
  // Reads and drops what a peer still sends after its last answer, for at most a second: closing a
  // socket with unread bytes would reset it and could take the answer away.
  void Drain(ConnectionPtr connection);

  void Run();
  // Makes Run return; it closes all connections held.
  void Stop();

 private:
  void TakeArrivals();
  void Enter(ConnectionPtr connection);
  // Reads once. False when the connection is finished and must be forgotten.
  bool OnReadable(ConnectionPtr& connection);
  bool Advance(ConnectionPtr& connection);
  bool Deliver(ConnectionPtr& connection);
  bool Refuse(Connection& connection, const Refusal& refusal);
  void StartDrain(Connection& connection);
  void ExpireOverdue();
  void Forget(int fd);
  int MillisecondsToNextDeadline() const;

  const Options options_;
  const Receiver receiver_;
  const int epoll_;
  WakeEvent wake_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::vector<ConnectionPtr> arrivals_;             // guarded by mutex_
  std::unordered_map<int, ConnectionPtr> waiting_;  // the Run thread's own
};

// The bytes that refuse a request and announce the close.
std::string RefusalBytes(const Refusal& refusal);

}  // namespace portolan::controller
