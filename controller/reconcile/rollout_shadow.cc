// The dual run of a map: lookups count in what is published, and clients send their outputs.
#include "controller/reconcile/rollout_reconciler.h"

namespace portolan::controller {

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
    if (const auto& run = lanes_.at(map).dual_run; run != nullptr)
      observation.compared = run->Take();
}

}  // namespace portolan::controller
