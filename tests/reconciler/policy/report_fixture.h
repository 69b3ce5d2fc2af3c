#pragma once

#include <string>

#include "reconciler/policy/report.h"

namespace portolan::reconciler {

// One verdict of each kind that people are told of, and two that they are not.
inline PolicyReport SampleReport() {
  using manifests::PolicyLevel;
  using manifests::PolicyScope;
  PolicyReport report{.map = "limits",
                      .plan = Sha256Of("plan"),
                      .policies = Sha256Of("set"),
                      .at = ParseTime("2026-07-20T10:00:00Z").value(),
                      .cost = 120,
                      .verdicts = {}};
  PolicyVerdict keys;
  keys.policy = "key-shape";
  keys.policy_digest = Sha256Of("key-shape");
  keys.scope = PolicyScope::kChange;
  keys.outcome = Outcome::kDeny;
  keys.message = "key Аdmin is badly named";
  keys.place = "policies/keys.yaml:4";
  keys.rule = "change.key.matches(r'^[a-z]')";
  keys.denied = 22;
  for (int i = 0; i < 20; ++i)
    keys.keys.push_back({i == 0 ? "Аdmin" : "K" + std::to_string(i), "key is badly named", false});
  PolicyVerdict percent;
  percent.policy = "max-percent-changed";
  percent.policy_digest = Sha256Of("max");
  percent.level = PolicyLevel::kSoft;
  percent.outcome = Outcome::kDeny;
  percent.message = "changes 21 of 200 keys; the limit is 10 %";
  percent.place = "policies/limits.yaml:7";
  percent.rule = "plan.percent <= params.maxPercent";
  percent.values = {{0, "plan.percent", "10.5"}, {16, "params.maxPercent", "10.0"}};
  percent.explanation =
      "plan.percent <= params.maxPercent\n10.5         <= 10.0              ⇒ false\n";
  percent.cost = 7;
  PolicyVerdict advisory = percent;
  advisory.policy = "drift-rate";
  advisory.level = PolicyLevel::kAdvisory;
  PolicyVerdict waived = percent;
  waived.policy = "freeze-window";
  waived.outcome = Outcome::kWaived;
  waived.waiver = "inc-4711";
  PolicyVerdict overridden = percent;
  overridden.policy = "no-pii";
  overridden.outcome = Outcome::kOverridden;
  overridden.override_note = {"bob", "agreed | with <payments>"};
  PolicyVerdict allowed;
  allowed.policy = "required-owner";
  PolicyVerdict skipped;
  skipped.policy = "value-schema";
  skipped.outcome = Outcome::kSkipped;
  report.verdicts = {keys, percent, advisory, waived, overridden, allowed, skipped};
  return report;
}

}  // namespace portolan::reconciler
