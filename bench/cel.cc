#include "bench/cel.h"

#include "bench/allocations.h"
#include "reconciler/policy/cel/evaluate.h"

namespace portolan::bench {
namespace {

namespace cel = reconciler::cel;

constexpr int kRounds = 11;
constexpr int kEvaluations = 100'000;  // in a round
constexpr int kScalarEvaluations = 1'000'000;
constexpr double kAimNs = 500;  // a million changes against five rules on two cores in 2.5 s

struct Rule {
  const char* name;
  const char* source;
  bool expected;
};
constexpr Rule kScalar = {"protected-scalar",
                          "change.op != 'update' || change.key != 'model.version' || "
                          "(change.new > change.old && within(change.new, change.old, 20))",
                          true};
constexpr Rule kRules[] = {
    {"max-percent-changed", "plan.first || plan.percent <= params.maxPercent", false},
    {"protected-keys",
     "!(change.key in params.keys || params.prefixes.exists(p, change.key.startsWith(p))) || "
     "change.op == 'update'",
     true},
    {"value-type",
     "change.op == 'delete' || (type(change.new) in [int, double] && change.new >= 1 && "
     "change.new <= 60000)",
     true},
    {"no-secret",
     "!leaves(change.new).exists(v, type(v) == string && v.matches(r'AKIA[0-9A-Z]{16}'))", true},
    {"mass-delete-guard",
     "plan.after > 0 && (plan.deletes <= 2 || plan.deletes * 100 <= plan.total * 2)", true},
    {"rising-steps",
     "range(1, rollout.steps.size()).all(i, rollout.steps[i] > rollout.steps[i - 1])", true},
};

// The variables of all rules, in memory.
class Variables {
 public:
  Variables() {
    Declare("change", {{"key", cel::Value::String("model.version")},
                       {"op", cel::Value::String("update")},
                       {"old", cel::Value::Int(40)},
                       {"new", cel::Value::Int(42)}});
    Declare("plan", {{"first", cel::Value::Bool(false)},
                     {"percent", cel::Value::Double(10.5)},
                     {"after", cel::Value::Int(199)},
                     {"deletes", cel::Value::Int(1)},
                     {"total", cel::Value::Int(200)}});
    Declare("params", {{"maxPercent", cel::Value::Double(10)},
                       {"keys", Texts({"kill_switch", "auth.root"})},
                       {"prefixes", Texts({"auth.", "billing."})}});
    Declare("rollout", {{"steps", Weights({5, 20, 50, 100})}});
  }
  const cel::Environment& environment() const { return environment_; }
  cel::ValueBindings bindings() const { return cel::ValueBindings(values_); }

 private:
  using Members = std::initializer_list<std::pair<std::string_view, cel::Value>>;

  void Declare(std::string name, Members members) {
    environment_.Declare(std::move(name), cel::Type::Dyn());
    auto* const entries = arena_.NewArray<cel::MapEntry>(members.size());
    std::size_t count = 0;
    for (const auto& [key, value] : members) entries[count++] = {cel::Value::String(key), value};
    values_.push_back(cel::Value::OfMap(cel::SortedMap(entries, count, arena_)));
  }
  cel::Value Texts(std::initializer_list<std::string_view> texts) {
    auto* const items = arena_.NewArray<cel::Value>(texts.size());
    std::size_t count = 0;
    for (const std::string_view text : texts) items[count++] = cel::Value::String(text);
    return cel::Value::OfList(arena_.New<cel::ValueList>(items, count));
  }
  cel::Value Weights(std::initializer_list<std::int64_t> weights) {
    auto* const items = arena_.NewArray<cel::Value>(weights.size());
    std::size_t count = 0;
    for (const std::int64_t weight : weights) items[count++] = cel::Value::Int(weight);
    return cel::Value::OfList(arena_.New<cel::ValueList>(items, count));
  }

  cel::Environment environment_;
  cel::Arena arena_;
  std::vector<cel::Value> values_;
};

// Nanoseconds per evaluation.
Result<double> Round(const Rule& rule, const cel::Program& program, const Variables& variables,
                     int evaluations) {
  cel::Arena arena;
  const Stopwatch watch;
  for (int i = 0; i < evaluations; ++i) {
    const cel::Evaluation result = cel::Evaluate(program, variables.bindings(), arena);
    if (!result.value.is(cel::Kind::kBool) || result.value.AsBool() != rule.expected)
      return Error{ErrorCode::kInternal, std::string(rule.name) + " answers wrongly"};
    arena.Reset();
  }
  return watch.Ms() * 1e6 / evaluations;
}

Result<Finding> Measure(const Rule& rule, const Variables& variables, int evaluations) {
  Finding finding{.name = "cel-" + std::string(rule.name),
                  .what = rule.source,
                  .unit = "ns",
                  .rounds = {},
                  .aim = kAimNs};
  PORTOLAN_TRY(const cel::Program program, cel::Compile(rule.source, variables.environment()));
  for (int round = 0; round < kRounds; ++round) {
    PORTOLAN_TRY(const double ns, Round(rule, program, variables, evaluations));
    finding.rounds.push_back(ns);
  }
  return finding;
}

// A million evaluations of a rule over scalars must not call operator new at all.
Status NoAllocations(const Variables& variables) {
  PORTOLAN_TRY(const cel::Program program, cel::Compile(kScalar.source, variables.environment()));
  const std::uint64_t before = Allocations();
  PORTOLAN_CHECK(Round(kScalar, program, variables, kScalarEvaluations));
  const std::uint64_t made = Allocations() - before;
  if (made == 0) return {};
  return Error{ErrorCode::kInternal, "a scalar rule made " + std::to_string(made) +
                                         " heap allocations in a million evaluations"};
}

}  // namespace

Result<std::vector<Finding>> MeasureCel(const std::string&, const std::filesystem::path&) {
  const Variables variables;
  PORTOLAN_CHECK(NoAllocations(variables));
  std::vector<Finding> findings;
  PORTOLAN_TRY(Finding scalar, Measure(kScalar, variables, kEvaluations));
  scalar.note = "1,000,000 evaluations made 0 heap allocations";
  findings.push_back(std::move(scalar));
  for (const Rule& rule : kRules) {
    PORTOLAN_TRY(Finding finding, Measure(rule, variables, kEvaluations));
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace portolan::bench
