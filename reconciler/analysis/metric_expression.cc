#include "reconciler/analysis/metric_expression.h"

#include <algorithm>
#include <array>

#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/json_value.h"
#include "reconciler/text_format.h"

// An expression is compiled each time: a measurement comes at most once a second, compiling takes
// microseconds, and so a metric stays a value that records can keep.

namespace portolan::reconciler {
namespace {

using Outcome = MeasurementOutcome;
using manifests::Value;

// The control loop evaluates, so a measurement gets a fifth of what a policy may cost: enough to
// look ten times at each of the 11,000 points of the longest range.
constexpr std::uint64_t kExpressionCostMax = cel::kCostLimitDefault / 5;
constexpr std::size_t kNumbersShown = 5;
constexpr std::size_t kCellsShown = 120;

// What a web server answers has no type before it answers: what does not fit is found when it is
// evaluated, and is an error then.
Result<cel::Program> Compile(const manifests::ProviderMetric& metric,
                             const std::string& expression) {
  const bool list = std::holds_alternative<manifests::PrometheusSource>(metric.source);
  cel::Environment environment;
  environment.Declare("result", list ? cel::Type::List(cel::Type::Double()) : cel::Type::Dyn());
  return cel::Compile(expression, environment,
                      {.check = true, .result = cel::Type::Bool(), .zones = nullptr});
}

// JSON has one kind of number. A server that writes 4 now and 4.5 then must not change the types
// that `result * 2.0` meets.
Value WithDoubles(const Value& value) {
  if (value.is_int()) return value.as_double();
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.as_array()) items.push_back(WithDoubles(item));
    return items;
  }
  if (!value.is_object()) return value;
  Value::Object members;
  for (const auto& [name, member] : value.as_object())
    members.emplace_back(name, WithDoubles(member));
  return members;
}

// Whether the condition holds. Errors: kInvalid.
Result<bool> Holds(const manifests::ProviderMetric& metric, const std::string& expression,
                   const Value& result) {
  PORTOLAN_TRY(const cel::Program program, Compile(metric, expression));
  cel::Arena arena;
  const std::array<cel::Value, 1> values = {ValueFromTree(result, arena)};
  const cel::ValueBindings bindings(values);
  const cel::Evaluation evaluation =
      cel::Evaluate(program, bindings, arena,
                    {.cost_limit = kExpressionCostMax, .expired = nullptr, .recorder = nullptr});
  if (!evaluation.ok())
    return Error{ErrorCode::kInvalid, FailureText(program, evaluation.value.AsFailure())};
  if (!evaluation.value.is(cel::Kind::kBool))
    return Error{ErrorCode::kInvalid, "expected true or false, found a value of type " +
                                          std::string(cel::TypeName(evaluation.value.kind()))};
  return evaluation.value.AsBool();
}

// "0.12", "[0.12, 0.2, …]", or JSON cut to a line.
std::string Shown(const Value& result) {
  if (result.is_number()) return ShortNumber(result.as_double());
  if (!result.is_array() || !std::ranges::all_of(result.as_array(), &Value::is_number))
    return Cut(Printable(manifests::WriteJson(result)), kCellsShown);
  const Value::Array& items = result.as_array();
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(items.size(), kNumbersShown); ++i)
    text += (i == 0 ? "" : ", ") + ShortNumber(items[i].as_double());
  return text + (items.size() > kNumbersShown ? ", …]" : "]");
}

std::string Quoted(std::string_view name, const std::string& expression) {
  return std::string(name) + " `" + Cut(Printable(expression), kCellsShown) + "`";
}

}  // namespace

Status CheckMetricExpression(const manifests::ProviderMetric& metric,
                             const std::string& expression) {
  const auto program = Compile(metric, expression);
  return program.ok() ? Status() : program.error();
}

Judgement JudgeExpressions(const manifests::ProviderMetric& metric, const Value& result) {
  const Value numbers = WithDoubles(result);
  const std::string shown = "result " + Shown(result) + ": ";
  const std::string success = Quoted("successCondition", metric.success_condition);
  const std::string failure = Quoted("failureCondition", metric.failure_condition);
  const bool both = !metric.success_condition.empty() && !metric.failure_condition.empty();
  // Failure first: an error of the other condition must not hide it.
  if (!metric.failure_condition.empty()) {
    const auto holds = Holds(metric, metric.failure_condition, numbers);
    if (!holds.ok()) return {Outcome::kError, shown + failure + ": " + holds.error().message};
    if (*holds) return {Outcome::kFailed, shown + failure + " is true"};
    if (!both) return {Outcome::kSuccessful, shown + failure + " is false"};
  }
  const auto holds = Holds(metric, metric.success_condition, numbers);
  if (!holds.ok()) return {Outcome::kError, shown + success + ": " + holds.error().message};
  if (*holds) return {Outcome::kSuccessful, shown + success + " is true"};
  if (!both) return {Outcome::kFailed, shown + success + " is false"};
  return {Outcome::kInconclusive, shown + "neither successCondition nor failureCondition is true"};
}

}  // namespace portolan::reconciler
