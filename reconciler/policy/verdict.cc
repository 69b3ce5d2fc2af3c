#include "reconciler/policy/verdict.h"

#include <algorithm>
#include <utility>

#include "mapcore/traffic_split.h"
#include "reconciler/policy/cel/explain.h"

namespace portolan::reconciler {
namespace {

using manifests::PolicyLevel;
using manifests::PolicyMatch;
using manifests::PolicyScope;

constexpr std::string_view kHidden = "the rule cannot be evaluated (a sensitive value took part)";

bool AnyMatches(const std::vector<std::string>& globs, std::string_view text) {
  return std::ranges::any_of(
      globs, [&](const std::string& glob) { return mapcore::GlobMatch(glob, text); });
}

bool CoversTarget(const std::string& key, const std::vector<std::string>& globs,
                  const TargetFacts& target) {
  if (key == "name") return AnyMatches(globs, target.name);
  if (key == "tier") return AnyMatches(globs, target.tier);
  return std::ranges::any_of(target.regions,
                             [&](const std::string& region) { return AnyMatches(globs, region); });
}

// Passes on what is evaluated. Where a value is turned to text, sensitive parts of it are masked
// and do not count as read: only what the rule itself reads does.
class MaskingRecorder final : public cel::Recorder {
 public:
  MaskingRecorder(cel::Recorder& next, Disclosure& disclosure)
      : next_(next), disclosure_(disclosure) {}

  void Record(std::uint32_t node, const cel::Value& value) override {
    const bool touched = disclosure_.touched;
    disclosure_.mask = true;
    next_.Record(node, value);
    disclosure_ = {.mask = false, .touched = touched};
  }

 private:
  cel::Recorder& next_;
  Disclosure& disclosure_;
};

class PolicyJudge {
 public:
  PolicyJudge(const CompiledPolicy& policy, const VerdictInputs& inputs)
      : policy_(policy), inputs_(inputs), verdict_(BeginVerdict(policy)) {}

  PolicyVerdict Judge() {
    if (!Concerns(policy_, inputs_)) {
      verdict_.outcome = Outcome::kSkipped;
    } else if (policy_.manifest->scope == PolicyScope::kChange) {
      JudgeChanges();
    } else {
      JudgeWhole();
    }
    return std::move(verdict_);
  }

 private:
  RuleResult Run(cel::Recorder* recorder) {
    RuleOptions options;
    options.cost_limit = std::min(options.cost_limit, inputs_.budget.left());
    options.expired = inputs_.expired;
    options.recorder = recorder != nullptr ? recorder : inputs_.recorder;
    RuleResult result;
    if (options.cost_limit == 0) {
      result.error =
          "cost limit (" + std::to_string(inputs_.budget.limit) + " units for the plan) exceeded";
      return result;
    }
    arena_.Reset();
    result = RunRule(policy_, inputs_.table, arena_, options);
    inputs_.budget.used += result.cost;
    verdict_.cost += result.cost;
    return result;
  }

  // The message of a result that is no kAllow.
  std::string MessageOf(const RuleResult& result) {
    Disclosure& disclosure = *inputs_.access.disclosure;
    if (result.answer == RuleAnswer::kError)
      return disclosure.touched ? std::string(kHidden) : result.error;
    disclosure.mask = true;
    std::string message = RunMessage(policy_, inputs_.table, arena_);
    disclosure.mask = false;
    return message;
  }

  // Evaluates once more, to see the values.
  void Explain() {
    Disclosure& disclosure = *inputs_.access.disclosure;
    disclosure.touched = false;
    cel::Explanation explanation(*policy_.rule);
    if (inputs_.budget.left() == 0) return;
    const std::uint64_t cost = verdict_.cost;
    MaskingRecorder recorder(explanation, disclosure);
    Run(&recorder);
    verdict_.cost = cost;
    if (disclosure.touched) return;
    for (cel::ExplainedValue& value : explanation.Values())
      verdict_.values.push_back({value.offset, std::move(value.text), std::move(value.value)});
    verdict_.explanation = explanation.Render();
  }

  void JudgeWhole() {
    inputs_.access.disclosure->touched = false;
    const RuleResult result = Run(nullptr);
    if (result.answer == RuleAnswer::kAllow) return;
    verdict_.outcome = result.answer == RuleAnswer::kDeny ? Outcome::kDeny : Outcome::kError;
    verdict_.message = MessageOf(result);
    Explain();
    if (inputs_.waivers.empty()) return;
    verdict_.outcome = Outcome::kWaived;
    verdict_.waiver = inputs_.waivers.front()->name;
  }

  void JudgeChanges() {
    std::int64_t judged = 0;
    bool any_deny = false;
    for (const KeyChange& change : inputs_.changes->changes) {
      if (!CoversOp(policy_.manifest->match, OpName(change.action))) continue;
      ++judged;
      const ChangeMap view(change, inputs_.map, inputs_.access, arena_);
      Bind(view);
      inputs_.access.disclosure->touched = false;
      const RuleResult result = Run(nullptr);
      if (result.answer == RuleAnswer::kAllow) continue;
      if (Waive(change.key)) continue;
      any_deny |= result.answer == RuleAnswer::kDeny;
      ++verdict_.denied;
      if (verdict_.keys.size() < kDeniedKeysMax) Deny(change, result);
    }
    if (verdict_.denied > 0)
      verdict_.outcome = any_deny ? Outcome::kDeny : Outcome::kError;
    else if (judged == 0)
      verdict_.outcome = Outcome::kSkipped;
    else if (!verdict_.waiver.empty())
      verdict_.outcome = Outcome::kWaived;
    inputs_.table[static_cast<std::size_t>(Variable::kChange)] = cel::Value::Null();
  }

  void Bind(const ChangeMap& view) {
    inputs_.table[static_cast<std::size_t>(Variable::kChange)] = cel::Value::OfMap(&view);
  }

  bool Waive(std::string_view key) {
    for (const manifests::Waiver* waiver : inputs_.waivers) {
      if (!waiver->CoversKey(key)) continue;
      if (verdict_.waiver.empty()) verdict_.waiver = waiver->name;
      return true;
    }
    return false;
  }

  void Deny(const KeyChange& change, const RuleResult& result) {
    const ChangeMap masked(change, inputs_.map, inputs_.access, arena_);
    Bind(masked);
    std::string message = MessageOf(result);
    const bool first = verdict_.keys.empty();
    if (first) verdict_.message = message;
    verdict_.keys.push_back({change.key, std::move(message), result.answer == RuleAnswer::kError});
    if (!first) return;
    const ChangeMap view(change, inputs_.map, inputs_.access, arena_);
    Bind(view);
    Explain();
  }

  const CompiledPolicy& policy_;
  const VerdictInputs& inputs_;
  PolicyVerdict verdict_;
  cel::Arena arena_;
};

}  // namespace

bool Covers(const PolicyMatch& match, std::string_view map, const TargetFacts& target) {
  if (!match.maps.empty() && !AnyMatches(match.maps, map)) return false;
  return std::ranges::all_of(match.targets, [&](const auto& entry) {
    return CoversTarget(entry.first, entry.second, target);
  });
}

bool CoversOp(const PolicyMatch& match, std::string_view op) {
  return match.ops.empty() || std::ranges::find(match.ops, op) != match.ops.end();
}

PolicyVerdict BeginVerdict(const CompiledPolicy& policy) {
  const manifests::Policy& manifest = *policy.manifest;
  PolicyVerdict verdict;
  verdict.policy = manifest.name;
  verdict.policy_digest = policy.digest;
  verdict.level = manifest.level;
  verdict.scope = manifest.scope;
  verdict.place = manifest.file.empty()
                      ? "built-in"
                      : manifest.file + ":" + std::to_string(manifest.position.line);
  verdict.rule = manifest.rule.text;
  return verdict;
}

bool Concerns(const CompiledPolicy& policy, const VerdictInputs& inputs) {
  const manifests::Policy& manifest = *policy.manifest;
  const PolicyMatch& match = manifest.match;
  const bool live = manifest.scope == PolicyScope::kLive;
  if (manifest.level == PolicyLevel::kDisabled || live != (inputs.changes == nullptr) ||
      !Covers(match, inputs.map, inputs.target))
    return false;
  // In scope change each change is asked for by itself.
  if (manifest.scope != PolicyScope::kPlan || match.ops.empty()) return true;
  const ChangeSet& changes = *inputs.changes;
  return (changes.created > 0 && CoversOp(match, "add")) ||
         (changes.updated > 0 && CoversOp(match, "update")) ||
         (changes.deleted > 0 && CoversOp(match, "delete"));
}

PolicyVerdict JudgePolicy(const CompiledPolicy& policy, const VerdictInputs& inputs) {
  return PolicyJudge(policy, inputs).Judge();
}

}  // namespace portolan::reconciler
