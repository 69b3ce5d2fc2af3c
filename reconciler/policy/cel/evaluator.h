#pragma once

#include "reconciler/policy/cel/code.h"
#include "reconciler/policy/cel/evaluate.h"

namespace portolan::reconciler::cel {

// The state of one Evaluate(): a walk over the flat nodes that returns values. Its members are
// spread over evaluate.cc (the walk, operators), evaluate_access.cc (fields, indexes, literals,
// calls) and evaluate_macro.cc.
class Evaluator {
 public:
  Evaluator(const Code& code, const Bindings& bindings, Arena& arena,
            const EvaluateOptions& options);

  Value Run() { return Eval(code_.ast.root); }
  std::uint64_t cost() const { return meter_.cost(); }

 private:
  // evaluate.cc
  Value Eval(NodeId id);
  Value Dispatch(const Node& node);
  Value Variable(std::uint32_t index);
  Value Not(const Node& node);
  Value Binary(const Node& node);
  Value Ordering(const Node& node, const Value& left, const Value& right);
  Value Contained(const Value& item, const Value& container);
  Value Logical(const Node& node);
  Value Conditional(const Node& node);

  // evaluate_access.cc
  Value Select(const Node& node);
  Value Has(const Node& node);
  Value Index(const Node& node);
  // The element or entry, or nothing when there is none.
  std::optional<Value> Lookup(const Value& container, const Value& key);
  Value Found(const std::optional<Value>& found, bool optional, const Value& key);
  Value OptionalOf(const Value& value) { return Value::Optional(arena_.New<Value>(value)); }
  Value ListLiteral(const Node& node);
  Value MapLiteral(const Node& node);
  Value Call(const Node& node);
  Value Run(const CallSite& site, std::span<const Value> arguments);

  // evaluate_macro.cc
  Value MacroCall(const Node& node);
  Value Quantifier(const Macro& macro, const Value& range);
  Value ExistsOne(const Macro& macro, const Value& range);
  Value Collect(const Macro& macro, const Value& range);
  Value CollectMap(const Macro& macro, const Value& range);
  Value OptionalMacro(const Macro& macro, const Value& range);
  // Whether the element passes the macro's filter; nothing after an error, which goes to `result`.
  std::optional<bool> Passes(const Macro& macro, Value& result);
  template <typename Body>
  Value ForElements(const Macro& macro, const Value& range, Body body);

  // False when the evaluation must end: too costly, or out of time.
  bool Step() {
    if (!meter_.Charge(1)) return Halt("cost limit");
    return options_.expired == nullptr || ++steps_ % kStepsBetweenChecks != 0 || CheckTime();
  }
  bool CheckTime();
  bool Halt(std::string_view why);
  Value Fail(std::string_view message) { return MakeError(arena_, message); }
  Value Located(const Value& error, const Node& node);

  const Code& code_;
  const Bindings& bindings_;
  Arena& arena_;
  const EvaluateOptions& options_;
  Meter meter_;
  LastRegex last_regex_;
  CallContext context_;
  Value* variables_;  // unset until asked for
  Value* locals_;
  std::uint32_t steps_ = 0;
  bool halted_ = false;
  Value halt_;
};

}  // namespace portolan::reconciler::cel
