#include "bench/policy.h"

#include "bench/allocations.h"
#include "controller/zones/zone_directory.h"
#include "manifests/directory_artifact.h"
#include "manifests/loader.h"
#include "reconciler/policy/compiled_set.h"
#include "reconciler/policy/fixture.h"
#include "reconciler/policy/judge.h"
#include "reconciler/policy/variables.h"

namespace portolan::bench {
namespace {

using namespace reconciler;

constexpr int kEvaluations = 20'000;
constexpr int kRounds = 5;
constexpr int kKeys = 1'000'000;

constexpr const char* kRules[] = {
    "change.op != 'delete' || change.key != 'kill_switch'",
    "change.op != 'update' || within(change.new, change.old, 20)",
    "type(change.new) == int && change.new >= 1 && change.new <= 100000",
    "!change.key.startsWith('auth.') || actor.source == 'rollback'",
    "change.key.size() <= 128 && change.map == 'limits'",
};

// Nanoseconds of one evaluation of each policy's rule over the built-in variables of tests.
Result<std::vector<double>> MeasureExamples() {
  PORTOLAN_TRY(const manifests::Artifact artifact,
               manifests::ReadDirectory(std::string(PORTOLAN_SOURCE_DIR) + "/examples/policies"));
  PORTOLAN_TRY(const manifests::DesiredState state, manifests::Loader().Load(artifact));
  PORTOLAN_TRY(const auto zones, controller::ZoneDirectory::Open());
  const CompiledSetResult compiled = CompileSet(state.policies, zones.get());
  if (compiled.set == nullptr)
    return Error{ErrorCode::kInvalid, manifests::FormatDiagnostics(compiled.diagnostics)};
  std::vector<double> rounds;
  for (const auto& [name, policy] : state.policies.policies) {
    cel::Arena arena, scratch;
    const VariableTable table = TableFromTree(TestVariables(), arena);
    const Stopwatch watch;
    for (int i = 0; i < kEvaluations; ++i) {
      scratch.Reset();
      const RuleResult result = RunRule(*compiled.set->Find(name), table, scratch);
      if (result.cost == 0) return Error{ErrorCode::kInternal, name + " cost nothing"};
    }
    rounds.push_back(watch.Ms() * 1e6 / kEvaluations);
  }
  return rounds;
}

std::shared_ptr<CompiledSet> FiveRules() {
  auto set = std::make_shared<CompiledSet>();
  for (const char* rule : kRules) {
    auto policy = std::make_shared<manifests::Policy>();
    policy->name = "rule-" + std::to_string(set->policies.size());
    policy->scope = manifests::PolicyScope::kChange;
    policy->rule.text = rule;
    std::vector<manifests::Diagnostic> diagnostics;
    set->policies[policy->name] = CompilePolicy(policy, nullptr, diagnostics);
  }
  return set;
}

mapcore::VersionPtr Numbers(int value) {
  std::vector<mapcore::Entry> entries;
  entries.reserve(kKeys);
  for (int i = 0; i < kKeys; ++i)
    entries.push_back({"api/route-" + std::to_string(i), std::to_string(value + i % 7)});
  return mapcore::MapVersion::FromEntries(std::move(entries)).value();
}

struct LargePlan {
  std::vector<double> ms;
  double allocations = 0;  // of the last round
};

Result<LargePlan> MeasureLargePlan() {
  const mapcore::VersionPtr live = Numbers(100);
  manifests::DesiredState desired;
  auto map = std::make_shared<manifests::DesiredMap>();
  map->name = "limits";
  map->version = Numbers(110);
  map->strategy = manifests::DefaultStrategy();
  const MapPlan plan = MakeMapPlan(live.get(), *map, {}, "default");
  desired.maps["limits"] = map;
  JudgeContext context;
  context.desired = &desired;
  context.live = live.get();
  const auto set = FiveRules();
  LargePlan found;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t before = Allocations();
    const Stopwatch watch;
    const PolicyReport report = Judge(*set, plan, context);
    found.ms.push_back(watch.Ms());
    found.allocations = static_cast<double>(Allocations() - before);
    if (report.blocked()) return Error{ErrorCode::kInternal, "the plan was denied"};
  }
  return found;
}

}  // namespace

Result<std::vector<Finding>> MeasurePolicy(const std::string&, const std::filesystem::path&) {
  PORTOLAN_TRY(const std::vector<double> examples, MeasureExamples());
  PORTOLAN_TRY(const LargePlan large, MeasureLargePlan());
  return std::vector<Finding>{
      {.name = "evaluation",
       .what = "one evaluation of an example policy's rule; a round is a policy",
       .unit = "ns",
       .rounds = examples,
       .aim = 500},
      {.name = "million-changes",
       .what = "judge a plan of 1,000,000 changed keys by five rules of scope change, one thread",
       .unit = "ms",
       .rounds = large.ms,
       .aim = 2'500},
      {.name = "allocations",
       .what = "heap allocations of that judgement",
       .unit = "n",
       .rounds = {large.allocations},
       .aim = 1'000},
  };
}

}  // namespace portolan::bench
