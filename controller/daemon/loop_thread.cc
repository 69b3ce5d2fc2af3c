#include "controller/daemon/loop_thread.h"

// Loops are functions that somebody else calls: a test calls `step` itself, and this thread is the
// only place where one turns by itself.

namespace portolan::controller {

LoopThread::LoopThread(const Clock& clock, Loop loop) : clock_(clock), loop_(std::move(loop)) {
  // Started last: the loop uses every other member.
  thread_ = std::thread([this] {
    while (!stopped_.load()) {
      const Duration rest = loop_.step(clock_.now());
      if (!stopped_.load() && rest > Duration(0)) loop_.wait(rest);
    }
    // For EndsWithin: std::thread has no join with a deadline.
    ended_.set_value();
  });
}

LoopThread::~LoopThread() {
  RequestStop();
  thread_.join();
}

void LoopThread::RequestStop() {
  stopped_.store(true);
  loop_.wake();
}

bool LoopThread::EndsWithin(Duration duration) {
  return end_.wait_for(duration) == std::future_status::ready;
}

}  // namespace portolan::controller
