// The audit of what a source's maps serve: an alarm, never an act.
#include "controller/reconcile/source_reconciler.h"
#include "manifests/entries.h"
#include "reconciler/rollout/marks.h"

namespace portolan::controller {
namespace {

using Findings = std::map<std::pair<std::string, std::string>, std::optional<LiveViolation>>;

void AddVerdicts(const reconciler::PolicyReport& report, Findings& audit) {
  for (const reconciler::PolicyVerdict& verdict : report.verdicts) {
    if (verdict.outcome == reconciler::Outcome::kSkipped) continue;
    std::optional<LiveViolation>& found = audit[{verdict.policy, report.map}];
    const bool error = verdict.outcome == reconciler::Outcome::kError;
    if (!error && verdict.outcome != reconciler::Outcome::kDeny) continue;
    found = LiveViolation{
        std::string(manifests::kPolicyLevelNames[static_cast<std::size_t>(verdict.level)]),
        verdict.message, error};
  }
}

reconciler::Event EventOf(const std::string& policy, const std::string& map,
                          const std::optional<LiveViolation>& violation) {
  reconciler::Event event;
  event.map = map;
  event.type = violation ? "Warning" : "Normal";
  event.reason = violation ? "PolicyViolated" : "PolicySatisfied";
  event.message = violation ? policy + ": " + violation->message
                            : policy + " allows what \"" + map + "\" serves again";
  event.actor = "audit";
  event.data = manifests::Value::Object{{"policy", policy}};
  return event;
}

}  // namespace

void SourceReconciler::Audit() {
  if (!desired_) return;
  Findings found;
  const Rollouts all = ports_.rollouts.All();
  reconciler::JudgeContext context;
  context.desired = &*desired_;
  context.masked = reconciler::MarksBeyond(reconciler::ServedMarksOf(all), *desired_);
  context.now = now_;
  for (const auto& [name, version] : StableOf(all)) {
    const auto declared = desired_->maps.find(name);
    if (version == nullptr || declared == desired_->maps.end()) continue;
    context.live = version.get();
    manifests::DesiredMap map = *declared->second;
    if (const auto more = context.masked.find(name); more != context.masked.end())
      manifests::AddSensitive(map.sensitive, more->second);
    AddVerdicts(gate_.JudgeLive(map, context), found);
  }
  Findings before;
  {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(status_.audit, found);
  }
  for (const auto& [key, violation] : found) {
    const auto known = before.find(key);
    const bool violated = known != before.end() && known->second.has_value();
    if (violation.has_value() == violated) continue;
    reconciler::Event event = EventOf(key.first, key.second, violation);
    event.source = settings_.name;
    ports_.event(std::move(event));
  }
}

}  // namespace portolan::controller
