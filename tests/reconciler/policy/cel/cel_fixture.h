#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/cel/text.h"

namespace portolan::reconciler::cel {

// Variables of a test, with their types and values.
struct TestVariables {
  Environment environment;
  std::vector<Value> values;

  TestVariables& With(std::string name, Type type, Value value) {
    environment.Declare(std::move(name), std::move(type));
    values.push_back(value);
    return *this;
  }
};

// The result as a literal of the language; "error: MESSAGE at 1:5" when evaluating failed, and
// "refused: 1:5: MESSAGE" when the expression does not compile.
inline std::string Eval(std::string_view source, const TestVariables& variables = {},
                        const CompileOptions& compile = {}, const EvaluateOptions& options = {}) {
  const auto program = Compile(source, variables.environment, compile);
  if (!program.ok()) return "refused: " + program.error().message;
  Arena arena;
  const Evaluation result = Evaluate(*program, ValueBindings(variables.values), arena, options);
  if (!result.ok()) return "error: " + FailureText(*program, result.value.AsFailure());
  return TextOf(result.value, 4096);
}

// Without the checker, so that mistakes of types are met by the evaluation.
inline std::string EvalUnchecked(std::string_view source, const TestVariables& variables = {}) {
  return Eval(source, variables, {.check = false});
}

}  // namespace portolan::reconciler::cel
