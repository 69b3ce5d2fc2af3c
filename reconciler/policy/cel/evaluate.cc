#include "reconciler/policy/cel/evaluate.h"

#include <string>

#include "reconciler/policy/cel/arithmetic.h"
#include "reconciler/policy/cel/compare.h"
#include "reconciler/policy/cel/evaluator.h"
#include "reconciler/policy/cel/operators.h"

// A walk over the tree. Errors are values and flow like others, since && and || may make them
// void; only a halt (cost, time) ends everything at once, and cannot be made void. The meter
// charges a unit per node and element, and more where a built-in does work in proportion to its
// input, so that the cost bounds the time whatever the data is.

namespace portolan::reconciler::cel {

Evaluator::Evaluator(const Code& code, const Bindings& bindings, Arena& arena,
                     const EvaluateOptions& options)
    : code_(code),
      bindings_(bindings),
      arena_(arena),
      options_(options),
      meter_(options.cost_limit),
      context_{arena, meter_, code.zones, last_regex_, nullptr},
      variables_(arena.NewArray<Value>(code.variables.size())),
      locals_(arena.NewArray<Value>(code.ast.slots)) {
  for (std::size_t i = 0; i < code.variables.size(); ++i) variables_[i] = Value::Unset();
}

bool Evaluator::Halt(std::string_view why) {
  halted_ = true;
  halt_ = Fail(why == "cost limit"
                   ? "cost limit (" + std::to_string(meter_.limit()) + " units) exceeded"
                   : std::string(why));
  return false;
}

bool Evaluator::CheckTime() {
  return !(*options_.expired)() || Halt("the time for the evaluation is up");
}

// The innermost place stays: where it went wrong, not who passed it on.
Value Evaluator::Located(const Value& error, const Node& node) {
  if (error.AsFailure().offset != Failure::kNowhere) return error;
  return Value::Error(arena_.New<Failure>(error.AsFailure().message, node.mark));
}

Value Evaluator::Eval(NodeId id) {
  const Node& node = code_.node(id);
  Value value;
  if (node.op == Op::kConst) {
    value = code_.ast.constants[node.a];
  } else {
    if (halted_) return halt_;
    value = Step() ? Dispatch(node) : halt_;
    if (meter_.exceeded() && !halted_) Halt("cost limit");
    if (halted_) {
      if (halt_.AsFailure().offset == Failure::kNowhere) halt_ = Located(halt_, node);
      return halt_;
    }
    if (value.failed()) value = Located(value, node);
  }
  if (options_.recorder != nullptr) options_.recorder->Record(id, value);
  return value;
}

Value Evaluator::Dispatch(const Node& node) {
  switch (node.op) {
    case Op::kConst:
      return code_.ast.constants[node.a];
    case Op::kFail:
      return Fail(code_.ast.Text(node.a));
    case Op::kVariable:
      return Variable(node.a);
    case Op::kLocal:
      return locals_[node.a];
    case Op::kSelect:
      return Select(node);
    case Op::kHas:
      return Has(node);
    case Op::kIndex:
      return Index(node);
    case Op::kNot:
      return Not(node);
    case Op::kNegate: {
      const Value value = Eval(node.a);
      return value.failed() ? value : Negate(value, context_);
    }
    case Op::kAnd:
    case Op::kOr:
      return Logical(node);
    case Op::kConditional:
      return Conditional(node);
    case Op::kList:
      return ListLiteral(node);
    case Op::kMap:
      return MapLiteral(node);
    case Op::kCall:
      return Call(node);
    case Op::kMacro:
      return MacroCall(node);
    case Op::kIdent:
    case Op::kOptionalItem:
      return Fail("an item with `?` stands only in a list or a map");
    default:
      return Binary(node);
  }
}

// Bound when first used: many variables of a policy are costly and seldom needed.
Value Evaluator::Variable(std::uint32_t index) {
  Value& value = variables_[index];
  if (value.unset()) value = bindings_.Find(code_.variables[index], arena_);
  return value;
}

Value Evaluator::Not(const Node& node) {
  const Value value = Eval(node.a);
  if (value.is(Kind::kBool)) return Value::Bool(!value.AsBool());
  return value.failed() ? value
                        : Fail("`!` does not apply to " + std::string(TypeName(value.kind())));
}

Value Evaluator::Binary(const Node& node) {
  const Value left = Eval(node.a);
  if (left.failed()) return left;
  const Value right = Eval(node.b);
  if (right.failed()) return right;
  switch (node.op) {
    case Op::kEqual:
      return Value::Bool(Equal(left, right, arena_, meter_));
    case Op::kNotEqual:
      return Value::Bool(!Equal(left, right, arena_, meter_));
    case Op::kIn:
      return Contained(left, right);
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return Ordering(node, left, right);
    default:
      return Arithmetic(node.op, left, right, context_);
  }
}

Value Evaluator::Ordering(const Node& node, const Value& left, const Value& right) {
  const Order order = OperatorOrder(left, right);
  switch (order) {
    case Order::kNone:
      return Fail("`" + std::string(Sign(node.op)) + "` does not apply to " +
                  std::string(TypeName(left.kind())) + " and " +
                  std::string(TypeName(right.kind())));
    // NaN: every order is false, as IEEE 754 has it.
    case Order::kUnordered:
      return Value::Bool(false);
    case Order::kLess:
      return Value::Bool(node.op == Op::kLess || node.op == Op::kLessEqual);
    case Order::kGreater:
      return Value::Bool(node.op == Op::kGreater || node.op == Op::kGreaterEqual);
    case Order::kEqual:
      return Value::Bool(node.op == Op::kLessEqual || node.op == Op::kGreaterEqual);
  }
  return Value::Null();
}

Value Evaluator::Contained(const Value& item, const Value& container) {
  if (container.is(Kind::kMap))
    return Value::Bool(container.AsMap().Find(item, arena_).has_value());
  if (!container.is(Kind::kList))
    return Fail("`in` needs a list or a map on its right, found " +
                std::string(TypeName(container.kind())));
  const List& list = container.AsList();
  const std::size_t size = list.size();
  for (std::size_t i = 0; i < size && meter_.Charge(1); ++i)
    if (Equal(item, list.At(i, arena_), arena_, meter_)) return Value::Bool(true);
  return Value::Bool(false);
}

// An operand that decides makes errors of others void, wherever it stands.
Value Evaluator::Logical(const Node& node) {
  const bool decisive = node.op == Op::kOr;
  bool failed = false;
  Value failure;
  for (std::uint32_t i = 0; i < node.b; ++i) {
    Value value = Eval(code_.ast.children[node.a + i]);
    if (halted_) return halt_;
    if (value.is(Kind::kBool)) {
      if (value.AsBool() == decisive) return value;
      continue;
    }
    if (failed) continue;
    failed = true;
    failure = value.failed() ? value
                             : Fail("`" + std::string(Sign(node.op)) + "` needs a bool, found " +
                                    std::string(TypeName(value.kind())));
  }
  return failed ? failure : Value::Bool(!decisive);
}

Value Evaluator::Conditional(const Node& node) {
  const Value condition = Eval(node.a);
  if (condition.is(Kind::kBool)) return Eval(condition.AsBool() ? node.b : node.c);
  return condition.failed() ? condition
                            : Fail("the condition before `?` needs a bool, found " +
                                   std::string(TypeName(condition.kind())));
}

Evaluation Evaluate(const Program& program, const Bindings& bindings, Arena& arena,
                    const EvaluateOptions& options) {
  Evaluator evaluator(program.code(), bindings, arena, options);
  const Value value = evaluator.Run();
  return {value, evaluator.cost()};
}

std::string FailureText(const Program& program, const Failure& failure) {
  std::string text(failure.message);
  if (failure.offset == Failure::kNowhere) return text;
  const Position position = PositionOf(program.source(), failure.offset);
  return text + " at " + std::to_string(position.line) + ":" + std::to_string(position.column);
}

}  // namespace portolan::reconciler::cel
