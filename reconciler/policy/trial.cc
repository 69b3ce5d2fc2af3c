#include "reconciler/policy/trial.h"

#include <algorithm>
#include <set>
#include <utility>

#include "mapcore/base/did_you_mean.h"
#include "reconciler/policy/cel/explain.h"
#include "reconciler/policy/fixture.h"
#include "reconciler/policy/variables.h"
#include "reconciler/policy/verdict.h"

namespace portolan::reconciler {
namespace {

using manifests::PolicyExpect;
using manifests::PolicyScope;
using manifests::Value;

// What is judged in a test: a tree of variables, and a plan when it gives both sides of a map.
struct Given {
  cel::Recorder* recorder = nullptr;  // of the rule; null: none
  Value variables;
  std::optional<MapPlan> plan;
  manifests::DesiredState desired;
  mapcore::VersionPtr live;
};

std::string TextIn(const Value& tree, std::string_view object, std::string_view member) {
  const Value* found = tree.Find(object);
  return found == nullptr ? "" : std::string(found->StringOr(member, ""));
}

TargetFacts TargetOf(const Value& tree) {
  TargetFacts target{TextIn(tree, "target", "name"), TextIn(tree, "target", "tier"), {}};
  if (const Value* facts = tree.Find("target")) target.regions = facts->StringsAt("regions");
  return target;
}

PolicyExpect ExpectOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllow:
      return PolicyExpect::kAllow;
    case Outcome::kSkipped:
      return PolicyExpect::kSkip;
    case Outcome::kError:
      return PolicyExpect::kError;
    default:
      return PolicyExpect::kDeny;
  }
}

// Whether the match of a policy covers a change that exists as a tree only.
bool CoversTree(const manifests::Policy& policy, const Value& tree) {
  const bool change = policy.scope == PolicyScope::kChange;
  const std::string map = policy.scope == PolicyScope::kLive
                              ? TextIn(tree, "manifest", "name")
                              : TextIn(tree, change ? "change" : "plan", "map");
  if (!Covers(policy.match, map, TargetOf(tree))) return false;
  if (change) return CoversOp(policy.match, TextIn(tree, "change", "op"));
  const Value* plan = tree.Find("plan");
  if (policy.match.ops.empty() || plan == nullptr) return true;
  return (plan->IntOr("adds", 0) > 0 && CoversOp(policy.match, "add")) ||
         (plan->IntOr("updates", 0) > 0 && CoversOp(policy.match, "update")) ||
         (plan->IntOr("deletes", 0) > 0 && CoversOp(policy.match, "delete"));
}

// Passes on to two.
class BothRecorders final : public cel::Recorder {
 public:
  BothRecorders(cel::Recorder& first, cel::Recorder* second) : first_(first), second_(second) {}
  void Record(std::uint32_t node, const cel::Value& value) override {
    first_.Record(node, value);
    if (second_ != nullptr) second_->Record(node, value);
  }

 private:
  cel::Recorder& first_;
  cel::Recorder* second_;
};

// As a plan is judged, with every value from the tree.
PolicyVerdict JudgeTree(const CompiledPolicy& policy, const Given& given) {
  const Value& tree = given.variables;
  PolicyVerdict verdict;
  if (!CoversTree(*policy.manifest, tree)) {
    verdict.outcome = Outcome::kSkipped;
    return verdict;
  }
  cel::Arena arena, scratch;
  const VariableTable table = TableFromTree(tree, arena);
  cel::Explanation explanation(*policy.rule);
  RuleOptions options;
  BothRecorders recorder(explanation, given.recorder);
  options.recorder = &recorder;
  const RuleResult result = RunRule(policy, table, scratch, options);
  verdict.cost = result.cost;
  if (result.answer == RuleAnswer::kAllow) return verdict;
  const bool denied = result.answer == RuleAnswer::kDeny;
  verdict.outcome = denied ? Outcome::kDeny : Outcome::kError;
  verdict.message = denied ? RunMessage(policy, table, scratch) : result.error;
  verdict.explanation = explanation.Render();
  return verdict;
}

PolicyVerdict JudgeGiven(const CompiledPolicy& policy, const Given& given) {
  if (!given.plan) return JudgeTree(policy, given);
  cel::Arena arena;
  VariableTable table = TableFromTree(given.variables, arena);
  JudgeContext context;
  context.desired = &given.desired;
  context.live = given.live.get();
  PlanVariables planned(*given.plan, context);
  for (const Variable variable : {Variable::kPlan, Variable::kDesired, Variable::kLive})
    table[static_cast<std::size_t>(variable)] = planned.table()[static_cast<std::size_t>(variable)];
  CostBudget budget = CostBudget::ForChanges(given.plan->changes.changes.size());
  const TargetFacts target = TargetOf(given.variables);
  const bool live = policy.manifest->scope == PolicyScope::kLive;
  return JudgePolicy(policy, {.map = given.plan->map,
                              .changes = live ? nullptr : &given.plan->changes,
                              .target = target,
                              .table = table,
                              .access = planned.access(),
                              .budget = budget,
                              .recorder = given.recorder});
}

// The tree that the policy sees: its own params below those of the test.
Value WithParams(const CompiledPolicy& policy, Value tree) {
  const Value* params = tree.Find("params");
  tree.Set("params",
           params == nullptr ? policy.manifest->params : Merge(policy.manifest->params, *params));
  return tree;
}

bool Selected(const TrialOptions& options, const std::string& policy, const std::string& test) {
  return !options.selected || options.selected(policy + "/" + test);
}

Value BuiltIn(const TrialOptions& options) {
  Value tree = TestVariables();
  if (options.now) tree.Set("now", FormatTime(*options.now));
  return tree;
}

// A test's variables over others. One that sets none keeps them all: that an empty object replaces
// is for the variables themselves.
Value Lay(Value below, const Value& variables) {
  return variables.as_object().empty() ? below : Merge(below, variables);
}

// What was expected of one policy.
struct Expectation {
  PolicyExpect outcome;
  const std::optional<std::string>& message;
};

TrialResult Try(const CompiledPolicy& policy, const Given& given, const Expectation& expected) {
  Given full = given;
  full.variables = WithParams(policy, given.variables);
  PolicyVerdict verdict = JudgeGiven(policy, full);
  TrialResult result;
  result.policy = policy.name();
  result.expected = expected.outcome;
  result.found = ExpectOf(verdict.outcome);
  result.message = std::move(verdict.message);
  result.explanation = std::move(verdict.explanation);
  const auto name = [](PolicyExpect outcome) {
    return std::string(manifests::kPolicyExpectNames[static_cast<std::size_t>(outcome)]);
  };
  if (result.found != result.expected)
    result.complaint = "expected " + name(result.expected) + ", found " + name(result.found) +
                       (result.message.empty() ? "" : ": " + result.message);
  else if (result.found == PolicyExpect::kDeny && expected.message &&
           *expected.message != result.message)
    result.complaint =
        "expected the message \"" + *expected.message + "\", found \"" + result.message + "\"";
  return result;
}

Result<mapcore::VersionPtr> VersionOf(const std::optional<Value>& entries) {
  std::vector<mapcore::Entry> list;
  if (entries)
    for (const auto& [key, value] : entries->as_object())
      list.push_back({key, manifests::CanonicalJson(value)});
  return mapcore::MapVersion::FromEntries(std::move(list));
}

// Makes the plan of a case that gives both sides of a map.
Status MakePlanOf(const manifests::PolicyTestCase& test, Given& given) {
  PORTOLAN_TRY(const mapcore::VersionPtr desired, VersionOf(test.desired.entries));
  if (test.live.given()) {
    PORTOLAN_TRY(given.live, VersionOf(test.live.entries));
  }
  auto map = std::make_shared<manifests::DesiredMap>();
  map->name = TextIn(given.variables, "plan", "map");
  map->version = desired;
  map->sensitive = test.sensitive;
  map->strategy = manifests::DefaultStrategy();
  given.plan = MakeMapPlan(given.live.get(), *map, {}, TextIn(given.variables, "target", "name"));
  given.desired.maps[map->name] = std::move(map);
  return {};
}

// Who judges the cases of PolicyTests, which of them, and who watches.
struct Bench {
  const PolicyLookup& lookup;
  const TrialOptions& options;
  const RecorderLookup& recorder;
};

void RunCase(const manifests::PolicyTest& test, const manifests::PolicyTestCase& item,
             const Bench& bench, std::vector<TrialResult>& results) {
  const std::string title = test.name + ": " + item.name;
  Given given;
  given.variables = Lay(Lay(BuiltIn(bench.options), test.defaults), item.vars);
  const Status planned = item.desired.given() ? MakePlanOf(item, given) : Status();
  for (const auto& [name, expect] : item.expect) {
    if (!Selected(bench.options, name.name, title)) continue;
    const CompiledPolicy* policy = bench.lookup(name.name);
    TrialResult result;
    result.policy = name.name;
    given.recorder = bench.recorder ? bench.recorder(name.name) : nullptr;
    if (policy == nullptr)
      result.complaint = "there is no such policy";
    else if (!policy->rule)
      result.complaint = "it is judged by a validator, which tests do not run";
    else if (!planned.ok())
      result.complaint = planned.error().message;
    else
      result = Try(*policy, given, {expect, item.message});
    result.test = title;
    result.file = test.file;
    result.position = item.position;
    results.push_back(std::move(result));
  }
}

manifests::Diagnostic Unknown(const std::string& file, manifests::Position position,
                              const std::string& name, std::string hint) {
  return manifests::ErrorAt(file, position, "no variable `" + name + "` for a test to set",
                            std::move(hint));
}

}  // namespace

std::vector<TrialResult> RunTests(const CompiledPolicy& policy, const TrialOptions& options,
                                  cel::Recorder* recorder) {
  std::vector<TrialResult> results;
  for (const manifests::PolicyCase& test : policy.manifest->tests) {
    if (!Selected(options, policy.name(), test.name)) continue;
    Given given;
    given.recorder = recorder;
    given.variables = Lay(BuiltIn(options), test.vars);
    TrialResult result = Try(policy, given, {test.expect, test.message});
    result.test = test.name;
    result.file = policy.manifest->file;
    result.position = test.position;
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<TrialResult> RunTests(const manifests::PolicyTest& test, const PolicyLookup& lookup,
                                  const TrialOptions& options, const RecorderLookup& recorder) {
  std::vector<TrialResult> results;
  for (const manifests::PolicyTestCase& item : test.cases)
    RunCase(test, item, {lookup, options, recorder}, results);
  return results;
}

std::size_t CountTests(const manifests::PolicySet& manifests) {
  std::size_t count = 0;
  for (const auto& [name, policy] : manifests.policies) count += policy->tests.size();
  for (const auto& test : manifests.tests)
    for (const manifests::PolicyTestCase& item : test->cases) count += item.expect.size();
  return count;
}

std::vector<RuleGap> CoverageGaps(
    const manifests::PolicySet& manifests,
    const std::map<std::string, std::shared_ptr<const CompiledPolicy>>& policies,
    const TrialOptions& options) {
  std::map<std::string, cel::Coverage> coverage;
  std::set<std::string> tested;
  const auto note = [&](const std::vector<TrialResult>& results) {
    for (const TrialResult& result : results) tested.insert(result.policy);
  };
  const auto recorder = [&](const std::string& name) -> cel::Recorder* {
    const auto found = coverage.find(name);
    return found == coverage.end() ? nullptr : &found->second;
  };
  for (const auto& [name, policy] : policies)
    if (manifests.policies.contains(name) && policy->rule)
      coverage.try_emplace(name, *policy->rule);
  for (const auto& [name, policy] : policies)
    if (coverage.contains(name)) note(RunTests(*policy, options, recorder(name)));
  const auto lookup = [&](const std::string& name) {
    const auto found = policies.find(name);
    return found == policies.end() ? nullptr : found->second.get();
  };
  for (const auto& test : manifests.tests) note(RunTests(*test, lookup, options, recorder));
  std::vector<RuleGap> gaps;
  for (const auto& [name, seen] : coverage) {
    if (options.selected && !tested.contains(name)) continue;
    for (cel::Gap& gap : seen.Gaps()) gaps.push_back({name, std::move(gap)});
  }
  return gaps;
}

std::vector<manifests::Diagnostic> CheckVariables(const Value& variables, const std::string& file,
                                                  manifests::Position position) {
  std::vector<manifests::Diagnostic> diagnostics;
  for (const auto& [name, value] : variables.as_object()) {
    const auto known = std::ranges::find(kVariableNames, name);
    if (known == kVariableNames.end()) {
      diagnostics.push_back(Unknown(
          file, position, name, DidYouMean(name, {kVariableNames.begin(), kVariableNames.end()})));
      continue;
    }
    const cel::Type type = TypeOf(static_cast<Variable>(known - kVariableNames.begin()), {});
    if (type.object() == nullptr || name == "params" || !value.is_object()) continue;
    std::vector<std::string_view> fields;
    for (const cel::Field& field : type.object()->fields) fields.push_back(field.name);
    for (const auto& [member, inner] : value.as_object())
      if (type.object()->Find(member) == nullptr)
        diagnostics.push_back(
            Unknown(file, position, name + "." + member, DidYouMean(member, fields)));
  }
  return diagnostics;
}

}  // namespace portolan::reconciler
