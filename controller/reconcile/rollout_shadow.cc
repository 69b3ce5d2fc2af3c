// The dual run of a map: lookups count in what is published, and clients send their outputs.
#include "controller/reconcile/rollout_reconciler.h"

namespace portolan::controller {

void RolloutReconciler::Compared(std::vector<reconciler::OutputReport> reports) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    std::move(reports.begin(), reports.end(), std::back_inserter(inbox_.outputs));
  }
  inbox_changed_.notify_one();
}

// One for each rollout: what is published meanwhile, for an override for example, counts on in it.
std::shared_ptr<mapcore::DualRun> RolloutReconciler::DualRunOf(const reconciler::Serving& serving,
                                                               Lane& lane) {
  if (serving.shadow_share == 0) {
    lane.dual_run.reset();
  } else if (lane.dual_run == nullptr || lane.dual_run_of != serving.rollout) {
    lane.dual_run = std::make_shared<mapcore::DualRun>(serving.shadow_share);
    lane.dual_run_of = serving.rollout;
  }
  return lane.dual_run;
}

// What was compared since the last round that was due; a dual run is due each second.
void RolloutReconciler::AddComparisons(Inbox& inbox, Observations& seen) {
  for (reconciler::OutputReport& report : inbox.outputs)
    if (lanes_.contains(report.map)) seen[report.map].outputs.push_back(std::move(report));
  for (auto& [map, observation] : seen)
    if (const auto& run = lanes_[map].dual_run; run != nullptr) observation.compared = run->Take();
}

}  // namespace portolan::controller
