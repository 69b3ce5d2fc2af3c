#include "bench/policy.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>

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

using Nanoseconds = std::map<std::string, double>;  // of one evaluation, by policy

Result<manifests::DesiredState> Examples() {
  PORTOLAN_TRY(const manifests::Artifact artifact,
               manifests::ReadDirectory(std::string(PORTOLAN_SOURCE_DIR) + "/examples/policies"));
  return manifests::Loader().Load(artifact);
}

// Each policy's rule over the built-in variables of tests.
Result<Nanoseconds> MeasureExamples() {
  PORTOLAN_TRY(const manifests::DesiredState state, Examples());
  PORTOLAN_TRY(const auto zones, controller::ZoneDirectory::Open());
  const CompiledSetResult compiled = CompileSet(state.policies, zones.get());
  if (compiled.set == nullptr)
    return Error{ErrorCode::kInvalid, manifests::FormatDiagnostics(compiled.diagnostics)};
  Nanoseconds found;
  for (const auto& [name, policy] : state.policies.policies) {
    cel::Arena arena, scratch;
    const VariableTable table = TableFromTree(TestVariables(), arena);
    const Stopwatch watch;
    for (int i = 0; i < kEvaluations; ++i) {
      scratch.Reset();
      const RuleResult result = RunRule(*compiled.set->Find(name), table, scratch);
      if (result.cost == 0) return Error{ErrorCode::kInternal, name + " cost nothing"};
    }
    found[name] = watch.Ms() * 1e6 / kEvaluations;
  }
  return found;
}

// Numbers as the peers' program reads them: JSON alone does not tell an int from a double.
manifests::Value Tagged(const manifests::Value& value) {
  using manifests::Value;
  if (value.is_int()) return Value::Object{{"$int", std::to_string(value.as_int())}};
  if (value.is_number()) return Value::Object{{"$double", value.as_double()}};
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.as_array()) items.push_back(Tagged(item));
    return items;
  }
  if (!value.is_object()) return value;
  Value::Object members;
  for (const auto& [key, member] : value.as_object()) members.emplace_back(key, Tagged(member));
  return members;
}

// The same rules by the CEL libraries for JavaScript of $PORTOLAN_CEL_PEER, which scripts/bench
// installs: by peer, the rules that it understands. Nothing without node or the folder.
Result<std::map<std::string, Nanoseconds>> MeasurePeers(const std::filesystem::path& directory) {
  std::map<std::string, Nanoseconds> found;
  const char* folder = std::getenv("PORTOLAN_CEL_PEER");
  if (folder == nullptr) return found;
  PORTOLAN_TRY(const manifests::DesiredState state, Examples());
  manifests::Value::Array rules;
  for (const auto& [name, policy] : state.policies.policies)
    if (policy->variables.empty() && policy->validator.empty())
      rules.push_back(manifests::Value::Object{
          {"name", name}, {"rule", policy->rule.text}, {"params", Tagged(policy->params)}});
  std::error_code ignored;  // writing the file says it
  std::filesystem::create_directories(directory, ignored);
  const std::string input = (directory / "cel_peer.json").string();
  std::ofstream(input) << manifests::WriteJson(
      manifests::Value::Object{{"iterations", kEvaluations},
                               {"vars", Tagged(TestVariables())},
                               {"rules", std::move(rules)}});
  const std::string command = std::string("node '") + PORTOLAN_SOURCE_DIR +
                              "/bench/cel_peer.mjs' '" + folder + "' '" + input + "'";
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  for (char chunk[4096]; pipe != nullptr;) {
    const std::size_t count = std::fread(chunk, 1, sizeof chunk, pipe);
    if (count == 0) break;
    text.append(chunk, count);
  }
  if (pipe == nullptr || pclose(pipe) != 0)
    return Error{ErrorCode::kUnavailable, "the peers did not run: " + command};
  PORTOLAN_TRY(const manifests::Value peers, manifests::ParseJson(text));
  for (const auto& [peer, timed] : peers.as_object())
    for (const auto& [rule, ns] : timed.as_object()) found[peer][rule] = ns.as_double();
  return found;
}

// How many times longer the peer takes, rule by rule.
Finding Beside(const std::string& peer, const Nanoseconds& theirs, const Nanoseconds& ours) {
  Finding finding{.name = "beside " + peer,
                  .what = "time of the npm package for a rule, divided by ours; a round is a rule",
                  .unit = "x",
                  .rounds = {},
                  .aim = 1,
                  .better = Better::kMore};
  for (const auto& [rule, ns] : theirs) finding.rounds.push_back(ns / ours.at(rule));
  finding.note = std::to_string(theirs.size()) + " of " + std::to_string(ours.size()) +
                 " rules are of its language";
  return finding;
}

// The rules that take longest, so that one sees what the tail is made of.
std::string Slowest(const Nanoseconds& ours) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [rule, ns] : ours) sorted.emplace_back(ns, rule);
  std::ranges::sort(sorted, std::greater());
  std::string text = "longest:";
  for (std::size_t i = 0; i < std::min(kNamed, sorted.size()); ++i)
    text += (i == 0 ? " " : ", ") + sorted[i].second + " " +
            std::to_string(std::lround(sorted[i].first)) + " ns";
  return text;
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

Result<std::vector<Finding>> MeasurePolicy(const std::string&,
                                           const std::filesystem::path& directory) {
  PORTOLAN_TRY(const Nanoseconds ours, MeasureExamples());
  PORTOLAN_TRY(const auto peers, MeasurePeers(directory));
  std::vector<double> examples;
  for (const auto& [name, ns] : ours) examples.push_back(ns);
  PORTOLAN_TRY(const LargePlan large, MeasureLargePlan());
  std::vector<Finding> findings{
      {.name = "evaluation",
       .what = "one evaluation of an example policy's rule; a round is a policy",
       .unit = "ns",
       .rounds = examples,
       .aim = 500,
       .note = Slowest(ours)},
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
  for (const auto& [peer, theirs] : peers)
    if (!theirs.empty()) findings.push_back(Beside(peer, theirs, ours));
  return findings;
}

}  // namespace portolan::bench
