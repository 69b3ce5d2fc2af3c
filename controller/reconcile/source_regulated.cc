// Maps of class regulated: their plans wait for a signed answer from outside.

#include <algorithm>

#include "controller/reconcile/approvals.h"
#include "controller/reconcile/source_reconciler.h"
#include "reconciler/plan_json.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Finding;

Finding Missing(std::string message) {
  return {std::string(reconciler::kRegulated), std::string(reconciler::kExternalLevel),
          std::move(message)};
}

}  // namespace

// A manifest takes a map in, and never out: who may write the manifest could else change the map
// without an answer. A signed answer lets it out (Released), or pruning the map.
void SourceReconciler::NoteRegulated() {
  auto regulated = status().regulated;
  const auto before = regulated;
  for (const auto& [name, map] : desired_->maps)
    if (map->regulated) regulated.emplace(name, now_);
  std::erase_if(regulated, [&](const auto& each) {
    const std::string& name = each.first;
    if (desired_->maps.contains(name) || desired_->rejected.contains(name) || desired_->incomplete)
      return false;
    const auto rollout = ports_.rollouts.Find(name);
    return rollout == nullptr || rollout->phase == reconciler::Phase::kPending;
  });
  if (regulated == before) return;
  {
    const std::scoped_lock lock(mutex_);
    status_.regulated = std::move(regulated);
  }
  (void)Keep();
}

// After the last plan of a map whose manifest says regulated no more: whether the answer to it let
// the map go. An answer from before the map was regulated says nothing.
void SourceReconciler::ReleaseRegulated(const manifests::DesiredMap& map,
                                        const reconciler::Rollout* rollout) {
  const auto regulated = status().regulated;
  const auto since = regulated.find(map.name);
  if (map.regulated || since == regulated.end() || rollout == nullptr || ports_.external == nullptr)
    return;
  for (const reconciler::Approval& approval : rollout->approvals) {
    if (approval.signature.empty() || approval.rollout != rollout->id() ||
        approval.at <= since->second)
      continue;
    const auto answer = ports_.external->Check({approval.answer, approval.signature}, map.name,
                                               approval.plan, approval.at);
    if (!answer.ok() || !answer->releases) continue;
    {
      const std::scoped_lock lock(mutex_);
      status_.regulated.erase(map.name);
    }
    (void)Keep();
    return;
  }
}

std::optional<Finding> SourceReconciler::AnswerMissing(const Digest& plan,
                                                       const reconciler::Writers& writers,
                                                       const reconciler::Rollout* rollout,
                                                       WallTime now) const {
  if (ports_.external == nullptr)
    return Missing("nobody can answer, the daemon's configuration has no \"regulated\"");
  std::string refused;
  if (rollout != nullptr)
    for (const reconciler::Approval* approval : AnswersInForce(*rollout, plan, now)) {
      // Who signed is looked up anew: a key that is taken out of the file since counts no longer.
      const auto answer = ports_.external->Check({approval->answer, approval->signature},
                                                 rollout->map, plan, approval->at);
      const Status good = answer.ok()
                              ? CheckAnswerer(*settings_.people, answer->signers, writers, now)
                              : Status(answer.error());
      if (good.ok()) return std::nullopt;
      refused = good.error().message;
    }
  return Missing(refused.empty() ? "waits for a signed answer from outside"
                                 : "waits for another signed answer: " + refused);
}

void SourceReconciler::AddRegulated(const RegulatedPlan& asked, WallTime now,
                                    GateReport& gate) const {
  const std::string& map = asked.plan.map;
  if (!status().regulated.contains(map)) return;
  auto missing = AnswerMissing(asked.plan.id, asked.writers, asked.rollout, now);
  if (!missing) return ports_.external->Drop(map);
  // Nobody outside is bothered with what the rules here deny anyway.
  const bool denied = std::ranges::any_of(gate.findings, [](const Finding& finding) {
    return finding.level == reconciler::kHardLevel;
  });
  gate.findings.push_back(*std::move(missing));
  if (ports_.external == nullptr || denied) return;
  Value body = Value::Object{{"apiVersion", "portolan.regulated/v1"},
                             {"kind", "RegulatedPlan"},
                             {"environment", settings_.environment.name},
                             {"source", settings_.name},
                             {"class", asked.stays ? "regulated" : "none"},
                             {"plan", reconciler::MapPlanToValue(asked.plan)},
                             {"policies", gate.policies}};
  WriteWriters(asked.writers, body);
  ports_.external->Ask({settings_.name, map, asked.plan.id, std::move(body)});
}

}  // namespace portolan::controller
