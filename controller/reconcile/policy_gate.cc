#include "controller/reconcile/policy_gate.h"

#include <algorithm>

#include "controller/zones/zone_directory.h"
#include "manifests/short_commit.h"
#include "reconciler/policy/context_record.h"
#include "reconciler/policy/report_json.h"
#include "reconciler/policy/secrets.h"

namespace portolan::controller {
namespace {

using reconciler::Finding;

constexpr std::string_view kSoft = "soft";
constexpr std::string_view kHard = reconciler::kHardLevel;

// What blocks, one finding a policy; a policy that cannot be judged denies as a hard one.
void AddFindings(const reconciler::CompiledSet& set, const reconciler::PolicyReport& report,
                 std::vector<Finding>& findings) {
  for (const reconciler::PolicyVerdict& verdict : report.verdicts) {
    if (!verdict.blocks()) continue;
    const bool known = std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.policy == verdict.policy;
    });
    if (known) continue;
    const bool hard = verdict.level == manifests::PolicyLevel::kHard ||
                      verdict.outcome == reconciler::Outcome::kError;
    std::string message = verdict.message;
    if (verdict.denied > 1)
      message += " (and " + std::to_string(verdict.denied - 1) + " more keys)";
    const reconciler::CompiledPolicy* policy = set.Find(verdict.policy);
    findings.push_back(
        {verdict.policy, std::string(hard ? kHard : kSoft), std::move(message),
         verdict.policy_digest,
         policy == nullptr ? std::vector<std::string>{} : policy->manifest->override_groups});
  }
}

}  // namespace

PolicyGate::PolicyGate(reconciler::TargetFacts environment, reconciler::Validators* validators)
    : environment_(std::move(environment)),
      validators_(validators),
      judging_(reconciler::FloorSet()),
      taken_(judging_) {}

Status PolicyGate::Take(const manifests::DesiredState& desired, std::optional<WallTime> now) {
  // A file that cannot be read may hide a policy: what the commit wants of them is not known.
  if (desired.policies.incomplete && desired.policies.errors.empty()) {
    taken_ = judging_;
    return {};
  }
  manifests::PolicySet set = desired.policies;
  // A commit may claim to be of any time.
  if (now && set.errors.empty()) set.errors = manifests::LongWaivers(set, *now);
  const auto compiled = reconciler::CompileSet(set, SystemZones());
  if (compiled.set != nullptr) {
    taken_ = compiled.set;
    return {};
  }
  taken_ = judging_;
  const auto error = std::find_if(
      compiled.diagnostics.begin(), compiled.diagnostics.end(), [](const auto& diagnostic) {
        return diagnostic.severity == manifests::Diagnostic::Severity::kError;
      });
  return Error{ErrorCode::kInvalid,
               "PolicyRejected: the policies of commit " +
                   manifests::ShortCommit(desired.revision.commit) +
                   " are refused, nothing of it is taken, the policies before go on judging: " +
                   (error == compiled.diagnostics.end() ? "" : FormatDiagnostic(*error))};
}

bool PolicyGate::pending() const {
  return !denied_.empty() || !change().differences.empty();
}

void PolicyGate::Accept() {
  judging_ = taken_;
  both_ = false;
  denied_.clear();
}

void PolicyGate::DenyAll(std::string reason) {
  denied_ = std::move(reason);
}

void PolicyGate::DenyAfter(WallTime time, std::string reason) {
  denied_after_.emplace(time, std::move(reason));
}

std::string PolicyGate::Identity() const {
  return judging_->digest.ToString() + (both_ ? taken_->digest.ToString() : "") + denied_;
}

reconciler::PolicyReport PolicyGate::JudgeLive(const manifests::DesiredMap& map,
                                               reconciler::JudgeContext context) const {
  context.target = environment_;
  reconciler::JudgeOptions options;
  options.validators = validators_;
  return reconciler::JudgeLive(*judging_, map, context, options);
}

void PolicyGate::MarkSecrets(reconciler::MapPlan& plan) const {
  reconciler::MarkSecrets(judging_.get(), plan);
}

GateReport PolicyGate::Judge(const reconciler::MapPlan& plan, reconciler::JudgeContext context,
                             reconciler::JudgeOptions options) const {
  context.target = environment_;
  options.validators = validators_;
  const reconciler::PolicyReport report = reconciler::Judge(*judging_, plan, context, options);
  GateReport gate{ReportToValue(report), {}, JudgedInToValue(context, options.overrides)};
  if (!denied_.empty()) gate.findings.push_back({"policies", std::string(kHard), denied_});
  if (denied_after_ && context.now > denied_after_->first)
    gate.findings.push_back({"policies", std::string(kHard), denied_after_->second});
  AddFindings(*judging_, report, gate.findings);
  if (both_)
    AddFindings(*taken_, reconciler::Judge(*taken_, plan, context, options), gate.findings);
  return gate;
}

}  // namespace portolan::controller
