#include "controller/http/stream_threads.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <functional>
#include <system_error>

// Streams are few (streams_max) and live long: a thread each keeps their code a plain loop, where
// a callback per event would need a state machine per kind of stream. A thread cannot join itself,
// so a finished stream stays in the list, its socket shut down, until the next Start or the Stop
// takes it away: at most streams_max of them.

namespace portolan::controller {

class StreamThreads::Writer final : public StreamWriter {
 public:
  Writer(int fd, int stop_fd, Duration write_deadline)
      : fd_(fd), stop_fd_(stop_fd), write_deadline_(write_deadline) {}

  bool Write(std::string_view bytes) override {
    if (failed_ || stopped_) return false;
    failed_ = !SendAll(fd_, bytes, std::chrono::steady_clock::now() + write_deadline_);
    return !failed_;
  }

  bool closed() const override { return failed_ || stopped_ || Closed(Duration(0)); }

  bool Wait(Duration duration) override { return !failed_ && !stopped_ && !Closed(duration); }

  void OnStop(std::function<void()> wake) override {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
    if (stopped_ && wake_) wake_();
  }

  // `wake_` runs under the mutex that ForgetWake takes: it is never called once the stream's
  // function, whose locals it may use, has returned.
  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (wake_) wake_();
  }

  void ForgetWake() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
  }

 private:
  // Waits for the stop or the peer's hang-up; bytes a peer sends on a stream are ignored.
  // A peer that has shut down its sending half counts as gone (POLLRDHUP): clients of event
  // streams send nothing, and have no other reason to.
  bool Closed(Duration at_most) const {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
      std::array<pollfd, 2> fds = {{{fd_, POLLRDHUP, 0}, {stop_fd_, POLLIN, 0}}};
      const auto left = std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now());
      const long wait = std::clamp<long>(left.count(), 0, 60'000);
      const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(wait));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return true;
      if (left <= Duration(0)) return false;
    }
  }

  const int fd_;
  const int stop_fd_;
  const Duration write_deadline_;
  bool failed_ = false;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::function<void()> wake_;  // guarded by mutex_
};

struct StreamThreads::Stream {
  Stream(ConnectionPtr taken, int stop_fd, Duration write_deadline)
      : connection(std::move(taken)), writer(connection->fd, stop_fd, write_deadline) {}

  ConnectionPtr connection;
  Writer writer;
  std::atomic<bool> done = false;
  std::thread thread;
};

StreamThreads::StreamThreads(std::size_t streams_max, Duration write_deadline)
    : streams_max_(streams_max), write_deadline_(write_deadline) {}

StreamThreads::~StreamThreads() {
  Stop();
}

bool StreamThreads::Start(ConnectionPtr& connection, const Response& response, std::string head) {
  const std::lock_guard lock(mutex_);
  Reap();
  if (stopping_ || streams_.size() >= streams_max_) return false;
  auto stream = std::make_unique<Stream>(std::move(connection), stop_.fd(), write_deadline_);
  Stream* raw = stream.get();
  try {
    raw->thread = std::thread([raw, run = response.stream, first = std::move(head)] {
      try {
        if (raw->writer.Write(first)) run(raw->writer);
      } catch (const std::exception&) {  // the head is out: all that is left is to close
      }
      raw->writer.ForgetWake();
      ::shutdown(raw->connection->fd, SHUT_RDWR);
      raw->done = true;
    });
    // No thread to be had (pthread_create(3), EAGAIN): the caller still owns the connection, and
    // answers 503.
  } catch (const std::system_error&) {
    connection = std::move(raw->connection);
    return false;
  }
  streams_.push_back(std::move(stream));
  return true;
}

void StreamThreads::Stop() {
  std::list<std::unique_ptr<Stream>> streams;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    streams.swap(streams_);
  }
  // Set for good, and never cleared: it also ends a Wait that begins later.
  stop_.Set();
  for (const auto& stream : streams) {
    stream->writer.Stop();
    ::shutdown(stream->connection->fd, SHUT_RDWR);
  }
  for (const auto& stream : streams) stream->thread.join();
}

std::size_t StreamThreads::open() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(),
                                                [](const auto& stream) { return !stream->done; }));
}

void StreamThreads::Reap() {
  std::erase_if(streams_, [](const auto& stream) {
    if (!stream->done) return false;
    stream->thread.join();
    return true;
  });
}

}  // namespace portolan::controller
