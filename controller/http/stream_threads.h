#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "controller/http/connection.h"

namespace portolan::controller {

// Runs streamed responses, each on a thread of its own, so that they never occupy a worker.
// Thread-safe.
class StreamThreads {
 public:
  // `write_deadline` bounds one Write; a peer that does not read is cut off.
  StreamThreads(std::size_t streams_max, Duration write_deadline);
  ~StreamThreads();

  // Starts `response.stream` after sending `head`. Leaves the connection and returns false when
  // streams_max are open, no thread can be had, or the threads are stopping.
  bool Start(ConnectionPtr& connection, const Response& response, std::string head);
  // Closes every stream, wakes those that asked for it, and joins. Idempotent, for one caller.
  void Stop();
  std::size_t open() const;

 private:
  class Writer;
  struct Stream;

  void Reap();  // mutex_ held

  const std::size_t streams_max_;
  const Duration write_deadline_;
  WakeEvent stop_;
  mutable std::mutex mutex_;
  bool stopping_ = false;                       // guarded by mutex_
  std::list<std::unique_ptr<Stream>> streams_;  // guarded by mutex_
};

}  // namespace portolan::controller
