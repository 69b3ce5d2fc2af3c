#include "reconciler/policy/cel/arithmetic.h"

#include <limits>
#include <string>

#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/cel/operators.h"
#include "reconciler/policy/cel/time.h"

namespace portolan::reconciler::cel {
namespace {

Value Overflow(CallContext& context) {
  return context.Fail("the result does not fit into 64 bits");
}

template <typename Integer>
Value Wrap(Integer value) {
  if constexpr (std::is_signed_v<Integer>)
    return Value::Int(value);
  else
    return Value::Uint(value);
}

template <typename Integer>
Value Whole(Op op, Integer left, Integer right, CallContext& context) {
  Integer result{};
  switch (op) {
    case Op::kAdd:
      return __builtin_add_overflow(left, right, &result) ? Overflow(context) : Wrap(result);
    case Op::kSubtract:
      return __builtin_sub_overflow(left, right, &result) ? Overflow(context) : Wrap(result);
    case Op::kMultiply:
      return __builtin_mul_overflow(left, right, &result) ? Overflow(context) : Wrap(result);
    default:
      break;
  }
  if (right == 0) return context.Fail(op == Op::kDivide ? "division by zero" : "modulus by zero");
  if constexpr (std::is_signed_v<Integer>) {
    // The one quotient that does not fit; the processor traps on it, for the remainder as well.
    if (right == -1 && left == std::numeric_limits<Integer>::min())
      return op == Op::kDivide ? Overflow(context) : Value::Int(0);
  }
  return op == Op::kDivide ? Wrap(left / right) : Wrap(left % right);
}

// The hint only where a conversion would help: among numbers.
Value Mismatch(Op op, const Value& left, const Value& right, CallContext& context) {
  const bool numbers = (MaskOf(left.kind()) | MaskOf(right.kind())) < MaskOf(Kind::kString) &&
                       left.kind() >= Kind::kInt && right.kind() >= Kind::kInt &&
                       left.kind() != right.kind();
  return context.Fail("`" + std::string(Sign(op)) + "` does not apply to " +
                      std::string(TypeName(left.kind())) + " and " +
                      std::string(TypeName(right.kind())) +
                      (numbers ? "; convert one of them, as in double(x)" : ""));
}

Value Doubles(Op op, const Value& left, const Value& right, CallContext& context) {
  const double a = left.AsDouble(), b = right.AsDouble();
  switch (op) {
    case Op::kAdd:
      return Value::Double(a + b);
    case Op::kSubtract:
      return Value::Double(a - b);
    case Op::kMultiply:
      return Value::Double(a * b);
    case Op::kDivide:
      // IEEE 754: by zero it is infinite or NaN, and no error (cel-spec, langdef.md, "Numeric
      // Values").
      return Value::Double(a / b);
    default:
      return Mismatch(op, left, right, context);
  }
}

// Charged and limited before it is allocated: `x + x` doubles with each step of a chain.
Value Concatenated(const Value& left, const Value& right, CallContext& context) {
  const std::string_view a = left.AsText(), b = right.AsText();
  if (a.size() + b.size() > kTextBytesMax)
    return context.Fail("the text would be longer than 16 MiB");
  context.meter.ChargeTraversal(a.size() + b.size());
  char* const text = static_cast<char*>(context.arena.Allocate(a.size() + b.size() + 1, 1));
  a.copy(text, a.size());
  b.copy(text + a.size(), b.size());
  const std::string_view both(text, a.size() + b.size());
  return left.is(Kind::kBytes) ? Value::Bytes(both) : Value::String(both);
}

Value Joined(const Value& left, const Value& right, CallContext& context) {
  const List& a = left.AsList();
  const List& b = right.AsList();
  if (a.size() == 0) return right;
  if (b.size() == 0) return left;
  const std::size_t size = a.size() + b.size();
  if (!context.meter.Charge(size)) return context.Fail("cost");
  Value* const items = context.arena.NewArray<Value>(size);
  for (std::size_t i = 0; i < size; ++i)
    items[i] = i < a.size() ? a.At(i, context.arena) : b.At(i - a.size(), context.arena);
  return Value::OfList(context.arena.New<ValueList>(items, size));
}

Value Times(Op op, const Value& left, const Value& right, CallContext& context) {
  const bool from_time = left.is(Kind::kTimestamp), to_time = right.is(Kind::kTimestamp);
  // Seconds are within ±10^12 by their limits, so sums of two never overflow.
  const SecondsNanos a = left.AsTime(), b = right.AsTime();
  if (op == Op::kAdd && !(from_time && to_time)) {
    const auto sum = AddTimes(a, b);
    return from_time || to_time ? TimestampValue(sum, context) : DurationValue(sum, context);
  }
  if (op == Op::kSubtract && (from_time || !to_time)) {
    const auto difference = AddTimes(a, NegateTime(b));
    if (from_time && to_time) return DistanceValue(difference, context);
    return from_time ? TimestampValue(difference, context) : DurationValue(difference, context);
  }
  return Mismatch(op, left, right, context);
}

bool IsTime(const Value& value) {
  return value.is(Kind::kTimestamp) || value.is(Kind::kDuration);
}

}  // namespace

Value Arithmetic(Op op, const Value& left, const Value& right, CallContext& context) {
  if (left.is(Kind::kInt) && right.is(Kind::kInt))
    return Whole(op, left.AsInt(), right.AsInt(), context);
  if (IsTime(left) && IsTime(right)) return Times(op, left, right, context);
  if (left.kind() != right.kind()) return Mismatch(op, left, right, context);
  switch (left.kind()) {
    case Kind::kUint:
      return Whole(op, left.AsUint(), right.AsUint(), context);
    case Kind::kDouble:
      return Doubles(op, left, right, context);
    case Kind::kString:
    case Kind::kBytes:
      if (op == Op::kAdd) return Concatenated(left, right, context);
      break;
    case Kind::kList:
      if (op == Op::kAdd) return Joined(left, right, context);
      break;
    default:
      break;
  }
  return Mismatch(op, left, right, context);
}

Value Negate(const Value& value, CallContext& context) {
  if (value.is(Kind::kDouble)) return Value::Double(-value.AsDouble());
  if (!value.is(Kind::kInt))
    return context.Fail("`-` does not apply to " + std::string(TypeName(value.kind())));
  if (value.AsInt() == std::numeric_limits<std::int64_t>::min()) return Overflow(context);
  return Value::Int(-value.AsInt());
}

}  // namespace portolan::reconciler::cel
