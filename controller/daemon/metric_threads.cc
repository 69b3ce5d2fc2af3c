#include "controller/daemon/metric_threads.h"

namespace portolan::controller {

MetricThreads::MetricThreads(MetricWorker& worker, const Clock& clock) {
  const auto stop = [&worker] { worker.Stop(); };
  for (int i = 0; i < worker.threads(); ++i)
    threads_.push_back(std::make_unique<LoopThread>(
        clock, LoopThread::Loop{[&worker](const Now& now) { return worker.Work(now); },
                                [&worker](Duration rest) { worker.WaitForWork(rest); }, stop}));
  if (threads_.empty()) return;
  threads_.push_back(std::make_unique<LoopThread>(
      clock, LoopThread::Loop{[&worker](const Now& now) { return worker.Supervise(now); },
                              [&worker](Duration rest) { worker.WaitForDeadline(rest); }, stop}));
}

// All are told before one is joined: none may go on turning until its turn comes.
MetricThreads::~MetricThreads() {
  for (const auto& thread : threads_) thread->RequestStop();
}

}  // namespace portolan::controller
