#include "controller/daemon/loop_thread.h"

namespace portolan::controller {

LoopThread::LoopThread(const Clock& clock, Loop loop) : clock_(clock), loop_(std::move(loop)) {
  thread_ = std::thread([this] {
    while (!stopped_.load()) {
      const Duration rest = loop_.step(clock_.now());
      if (!stopped_.load() && rest > Duration(0)) loop_.wait(rest);
    }
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
