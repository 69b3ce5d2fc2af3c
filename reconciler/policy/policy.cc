#include "reconciler/policy/policy.h"

#include <utility>

#include "manifests/value.h"
#include "reconciler/policy/cel/lint.h"
#include "reconciler/policy/json_value.h"

namespace portolan::reconciler {
namespace {

using manifests::Diagnostic;
using manifests::Expression;

constexpr std::string_view kOwnPrefix = "variables.";

// The place of a problem. A plain scalar begins with the expression itself; of a quoted or block
// scalar only the beginning is known, and the message counts within the expression.
Diagnostic DiagnosticAt(const std::string& file, const Expression& expression,
                        const cel::Problem& problem) {
  const cel::Position at = cel::PositionOf(expression.text, problem.offset);
  Diagnostic diagnostic;
  diagnostic.file = file;
  diagnostic.position = expression.position;
  if (expression.plain && at.line == 1)
    diagnostic.position.column += static_cast<int>(at.column) - 1;
  diagnostic.field = expression.field;
  diagnostic.message = "at " + std::to_string(at.line) + ":" + std::to_string(at.column) +
                       " of the expression: " + problem.message;
  return diagnostic;
}

class Compiler {
 public:
  Compiler(std::shared_ptr<const manifests::Policy> policy, const cel::Zones* zones,
           std::vector<Diagnostic>& diagnostics)
      : result_(std::make_shared<CompiledPolicy>()), zones_(zones), diagnostics_(diagnostics) {
    result_->manifest = std::move(policy);
  }

  std::shared_ptr<const CompiledPolicy> Compile() {
    const manifests::Policy& policy = *result_->manifest;
    for (std::size_t i = 0; i < kVariableCount; ++i) {
      const auto variable = static_cast<Variable>(i);
      if (!InScope(variable, policy.scope)) continue;
      environment_.Declare(std::string(kVariableNames[i]), TypeOf(variable, policy.params));
      result_->bound.push_back(variable);
    }
    for (const auto& [name, expression] : policy.variables) {
      auto program = CompileOne(expression, cel::Type::Dyn());
      if (!program) continue;
      environment_.Declare(std::string(kOwnPrefix) + name, program->type());
      result_->variables.push_back(*std::move(program));
    }
    if (policy.validator.empty()) result_->rule = CompileOne(policy.rule, cel::Type::Bool());
    if (policy.message) result_->message = CompileOne(*policy.message, cel::Type::String());
    if (failed_) return nullptr;
    auto arena = std::make_shared<cel::Arena>();
    result_->params = ValueFromTree(policy.params, *arena);
    result_->params_arena = std::move(arena);
    result_->digest =
        Sha256Of(manifests::CanonicalJson(manifests::PolicyToValue(*result_->manifest)));
    return std::move(result_);
  }

 private:
  std::optional<cel::Program> CompileOne(const Expression& expression, const cel::Type& type) {
    cel::Problem problem;
    const std::string& file = result_->manifest->file;
    auto program = cel::Compile(expression.text, environment_,
                                {.check = true, .result = type, .zones = zones_}, &problem);
    if (!program.ok()) {
      failed_ = true;
      diagnostics_.push_back(DiagnosticAt(file, expression, problem));
      return std::nullopt;
    }
    const std::string_view params = kVariableNames[static_cast<std::size_t>(Variable::kParams)];
    const std::uint32_t written[] = {environment_.IndexOf(*environment_.Find(params))};
    for (const cel::Problem& warning : cel::Lint(*program, written)) {
      diagnostics_.push_back(DiagnosticAt(file, expression, warning));
      diagnostics_.back().severity = Diagnostic::Severity::kWarning;
    }
    for (const std::uint32_t index : program->variables())
      if (index < result_->bound.size())
        result_->names[static_cast<std::size_t>(result_->bound[index])] = true;
    return *std::move(program);
  }

  std::shared_ptr<CompiledPolicy> result_;
  const cel::Zones* zones_;
  std::vector<Diagnostic>& diagnostics_;
  cel::Environment environment_;
  bool failed_ = false;
};

// The table's values, and the policy's own variables, each evaluated at most once.
class PolicyBindings final : public cel::Bindings {
 public:
  PolicyBindings(const CompiledPolicy& policy, const VariableTable& table,
                 const RuleOptions& options)
      : policy_(policy), table_(table), options_(options) {
    if (!policy.variables.empty()) own_.assign(policy.variables.size(), cel::Value::Unset());
  }

  cel::Value Find(std::uint32_t index, cel::Arena& arena) const override {
    if (index < policy_.bound.size()) {
      const Variable variable = policy_.bound[index];
      const cel::Value& value = table_[static_cast<std::size_t>(variable)];
      if (variable == Variable::kParams && value.is(cel::Kind::kNull)) return policy_.params;
      return value;
    }
    const std::size_t own = index - policy_.bound.size();
    if (!own_[own].unset()) return own_[own];
    if (cost_ >= options_.cost_limit) return cel::MakeError(arena, "cost limit exceeded");
    const cel::EvaluateOptions limits{.cost_limit = options_.cost_limit - cost_,
                                      .expired = options_.expired,
                                      .recorder = nullptr};
    const cel::Program& program = policy_.variables[own];
    const cel::Evaluation evaluation = cel::Evaluate(program, *this, arena, limits);
    cost_ += evaluation.cost;
    cel::Value value = evaluation.value;
    if (value.failed())
      value = cel::MakeError(arena, "variables." + policy_.manifest->variables[own].first + ": " +
                                        cel::FailureText(program, value.AsFailure()));
    own_[own] = value;
    return value;
  }

  std::uint64_t cost() const { return cost_; }

 private:
  const CompiledPolicy& policy_;
  const VariableTable& table_;
  const RuleOptions& options_;
  mutable std::vector<cel::Value> own_;
  mutable std::uint64_t cost_ = 0;
};

}  // namespace

std::shared_ptr<const CompiledPolicy> CompilePolicy(std::shared_ptr<const manifests::Policy> policy,
                                                    const cel::Zones* zones,
                                                    std::vector<Diagnostic>& diagnostics) {
  return Compiler(std::move(policy), zones, diagnostics).Compile();
}

RuleResult RunRule(const CompiledPolicy& policy, const VariableTable& table, cel::Arena& arena,
                   const RuleOptions& options) {
  const PolicyBindings bindings(policy, table, options);
  const cel::Evaluation evaluation = cel::Evaluate(
      *policy.rule, bindings, arena,
      {.cost_limit = options.cost_limit, .expired = options.expired, .recorder = options.recorder});
  RuleResult result;
  result.cost = evaluation.cost + bindings.cost();
  if (evaluation.value.failed())
    result.error = cel::FailureText(*policy.rule, evaluation.value.AsFailure());
  else if (!evaluation.value.is(cel::Kind::kBool))
    result.error = "the rule is of type " + std::string(cel::TypeName(evaluation.value.kind())) +
                   ", expected bool";
  else
    result.answer = evaluation.value.AsBool() ? RuleAnswer::kAllow : RuleAnswer::kDeny;
  return result;
}

std::string RunMessage(const CompiledPolicy& policy, const VariableTable& table,
                       cel::Arena& arena) {
  const std::string fallback = "not satisfied: " + policy.manifest->rule.text;
  std::string message = fallback;
  if (policy.message) {
    const RuleOptions options;
    const PolicyBindings bindings(policy, table, options);
    const cel::Evaluation evaluation = cel::Evaluate(*policy.message, bindings, arena);
    if (evaluation.value.is(cel::Kind::kString)) message = evaluation.value.AsText();
  }
  if (message.size() <= kMessageBytesMax) return message;
  std::size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return message.substr(0, end) + "…";
}

}  // namespace portolan::reconciler
