#pragma once

#include <memory>
#include <vector>

#include "controller/daemon/loop_thread.h"
#include "controller/metrics/metric_worker.h"

namespace portolan::controller {

// The threads of a MetricWorker: as many as measure at a time, and one that watches deadlines.
// Stops and joins them when destroyed, after calls under way were ended; a name that is being
// resolved is waited for.
class MetricThreads {
 public:
  // `worker` and `clock` outlive this.
  MetricThreads(MetricWorker& worker, const Clock& clock);
  ~MetricThreads();
  MetricThreads(const MetricThreads&) = delete;
  MetricThreads& operator=(const MetricThreads&) = delete;

 private:
  std::vector<std::unique_ptr<LoopThread>> threads_;
};

}  // namespace portolan::controller
