#include "reconciler/policy/floor_policies.h"

#include <algorithm>
#include <cassert>

namespace portolan::reconciler {
namespace {

using manifests::Policy;
using manifests::PolicyLevel;
using manifests::PolicyScope;

constexpr std::string_view kCanaryRule =
    "target.tier != 'prod' || plan.first || actor.source == 'rollback' || "
    "(rollout.strategy == 'canary' && rollout.steps.size() >= 2)";
constexpr std::string_view kCanaryMessage =
    "'tier prod needs a canary: a first weight below 100 %; got ' + "
    "rollout.steps.map(s, string(s.weight) + ' %').join(', ')";

constexpr std::string_view kSecretRule =
    "change.op == 'delete' || "
    "(type(change.new) == map && change.new.size() == 1 && has(change.new.secretRef)) || "
    "!(leaves(change.new).exists(v, type(v) == string && "
    "v.matches(r'AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[0-9A-Za-z-]{10,}|"
    "-----BEGIN ([A-Z]+ )?PRIVATE KEY-----|eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.')) || "
    "(change.key.matches(r'(?i)(^|[._-])(password|passwd|secret|token|api[_-]?key|"
    "private[_-]?key)$') && type(change.new) == string && change.new.size() > 0))";
constexpr std::string_view kSecretMessage =
    "'value of ' + change.key + ' looks like a secret in clear; use {secretRef: NAME}'";

struct FloorSpec {
  std::string_view name, rule, message;
  PolicyScope scope;
  PolicyLevel level;
};

constexpr FloorSpec kSpecs[] = {
    {"canary-for-prod", kCanaryRule, kCanaryMessage, PolicyScope::kPlan, PolicyLevel::kSoft},
    {"no-secret-in-clear", kSecretRule, kSecretMessage, PolicyScope::kChange, PolicyLevel::kHard},
};

std::vector<std::shared_ptr<const CompiledPolicy>> Compile() {
  std::vector<std::shared_ptr<const CompiledPolicy>> policies;
  for (const FloorSpec& spec : kSpecs) {
    auto policy = std::make_shared<Policy>();
    policy->name = spec.name;
    policy->scope = spec.scope;
    policy->level = spec.level;
    policy->rule.text = spec.rule;
    policy->message = manifests::Expression{std::string(spec.message), {}, "", false};
    policy->waivable = spec.level != PolicyLevel::kHard;
    std::vector<manifests::Diagnostic> diagnostics;
    policies.push_back(CompilePolicy(std::move(policy), nullptr, diagnostics));
    assert(policies.back() != nullptr);
  }
  return policies;
}

}  // namespace

const std::vector<std::shared_ptr<const CompiledPolicy>>& FloorPolicies() {
  static const auto kPolicies = Compile();
  return kPolicies;
}

std::vector<PolicyVerdict> FloorVerdicts(const MapPlan& plan) {
  const std::vector<Finding> findings =
      FloorFindings(plan.changes, plan.size_before, plan.size_after);
  std::vector<PolicyVerdict> verdicts;
  for (const std::string_view name : {"empty-map", "mass-delete-guard"}) {
    PolicyVerdict verdict;
    verdict.policy = name;
    verdict.policy_digest = Sha256Of("portolan.floor.v1\n" + verdict.policy);
    verdict.level = PolicyLevel::kSoft;
    verdict.place = "built-in";
    const auto found = std::ranges::find(findings, name, &Finding::policy);
    if (found != findings.end()) {
      verdict.outcome = Outcome::kDeny;
      verdict.message = found->message;
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace portolan::reconciler
