// math.*
#include <cmath>
#include <limits>

#include "reconciler/policy/cel/compare.h"
#include "reconciler/policy/cel/overload.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

bool IsNumber(const Value& value) {
  return value.is(Kind::kInt) || value.is(Kind::kUint) || value.is(Kind::kDouble);
}

// The first of the extreme ones.
template <Order kBetter>
Value Extreme(CallContext&, Arguments arguments) {
  Value best = arguments[0];
  for (const Value& value : arguments)
    if (Compare(value, best) == kBetter) best = value;
  return best;
}

template <Order kBetter>
Value ExtremeOfList(CallContext& context, Arguments arguments) {
  const List& list = arguments[0].AsList();
  if (list.size() == 0) return context.Fail("an empty list has no least and no greatest element");
  Value best;
  for (std::size_t i = 0; i < list.size() && context.meter.Charge(1); ++i) {
    const Value value = list.At(i, context.arena);
    if (value.failed()) return value;
    if (!IsNumber(value))
      return context.Fail("math needs numbers, found an element of type " +
                          std::string(TypeName(value.kind())));
    if (i == 0 || Compare(value, best) == kBetter) best = value;
  }
  return best;
}

template <double (*kFunction)(double)>
Value OfDouble(CallContext&, Arguments arguments) {
  return Value::Double(kFunction(arguments[0].AsDouble()));
}

double Ceil(double x) {
  return std::ceil(x);
}
double Floor(double x) {
  return std::floor(x);
}
double Round(double x) {
  return std::round(x);
}
double Trunc(double x) {
  return std::trunc(x);
}
double Abs(double x) {
  return std::abs(x);
}
double Sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}
double SquareRoot(double x) {
  return std::sqrt(x);
}

Value Same(CallContext&, Arguments arguments) {
  return arguments[0];
}

Value AbsOfInt(CallContext& context, Arguments arguments) {
  const std::int64_t value = arguments[0].AsInt();
  if (value == std::numeric_limits<std::int64_t>::min())
    return context.Fail("the result does not fit into 64 bits");
  return Value::Int(value < 0 ? -value : value);
}

Value SignOfInt(CallContext&, Arguments arguments) {
  const std::int64_t value = arguments[0].AsInt();
  return Value::Int(value > 0 ? 1 : value < 0 ? -1 : 0);
}

Value SignOfUint(CallContext&, Arguments arguments) {
  return Value::Uint(arguments[0].AsUint() > 0 ? 1 : 0);
}

Value SquareRootOfWhole(CallContext&, Arguments arguments) {
  return Value::Double(std::sqrt(arguments[0].is(Kind::kInt)
                                     ? static_cast<double>(arguments[0].AsInt())
                                     : static_cast<double>(arguments[0].AsUint())));
}

Value IsNaN(CallContext&, Arguments arguments) {
  return Value::Bool(std::isnan(arguments[0].AsDouble()));
}
Value IsInf(CallContext&, Arguments arguments) {
  return Value::Bool(std::isinf(arguments[0].AsDouble()));
}
Value IsFinite(CallContext&, Arguments arguments) {
  return Value::Bool(std::isfinite(arguments[0].AsDouble()));
}

Value WithBits(const Value& like, std::uint64_t bits) {
  return like.is(Kind::kInt) ? Value::Int(static_cast<std::int64_t>(bits)) : Value::Uint(bits);
}

Value BitAnd(CallContext&, Arguments arguments) {
  return WithBits(arguments[0], arguments[0].AsUint() & arguments[1].AsUint());
}
Value BitOr(CallContext&, Arguments arguments) {
  return WithBits(arguments[0], arguments[0].AsUint() | arguments[1].AsUint());
}
Value BitXor(CallContext&, Arguments arguments) {
  return WithBits(arguments[0], arguments[0].AsUint() ^ arguments[1].AsUint());
}
Value BitNot(CallContext&, Arguments arguments) {
  return WithBits(arguments[0], ~arguments[0].AsUint());
}

// Both shifts fill with zeros; 64 places or more leave nothing.
template <bool kLeft>
Value Shift(CallContext& context, Arguments arguments) {
  const std::int64_t places = arguments[1].AsInt();
  const std::uint64_t bits = arguments[0].AsUint();
  if (places < 0) return context.Fail("bits are shifted by a negative number of places");
  if (places >= 64) return WithBits(arguments[0], 0);
  return WithBits(arguments[0], kLeft ? bits << places : bits >> places);
}

// What the conditions of Argo Rollouts call their helpers: the same expressions work here.
Value Length(CallContext&, Arguments arguments) {
  const Value& of = arguments[0];
  return Value::Int(
      static_cast<std::int64_t>(of.is(Kind::kList) ? of.AsList().size() : of.AsMap().size()));
}

Value OrDefault(CallContext&, Arguments arguments) {
  return std::isnan(arguments[0].AsDouble()) ? arguments[1] : arguments[0];
}

constexpr Overload kFunctions[] = {
    {"len", "l:i", Length},
    {"len", "m:i", Length},
    {"isNaN", "d:b", IsNaN},
    {"isInf", "d:b", IsInf},
    {"default", "dn:*", OrDefault},
    {"math.greatest", "n+:*", Extreme<Order::kGreater>},
    {"math.greatest", "l:*", ExtremeOfList<Order::kGreater>},
    {"math.least", "n+:*", Extreme<Order::kLess>},
    {"math.least", "l:*", ExtremeOfList<Order::kLess>},
    {"math.ceil", "d:d", OfDouble<Ceil>},
    {"math.floor", "d:d", OfDouble<Floor>},
    {"math.round", "d:d", OfDouble<Round>},
    {"math.trunc", "d:d", OfDouble<Trunc>},
    {"math.abs", "d:d", OfDouble<Abs>},
    {"math.abs", "i:i", AbsOfInt},
    {"math.abs", "u:u", Same},
    {"math.sign", "d:d", OfDouble<Sign>},
    {"math.sign", "i:i", SignOfInt},
    {"math.sign", "u:u", SignOfUint},
    {"math.sqrt", "d:d", OfDouble<SquareRoot>},
    {"math.sqrt", "i:d", SquareRootOfWhole},
    {"math.sqrt", "u:d", SquareRootOfWhole},
    {"math.isNaN", "d:b", IsNaN},
    {"math.isInf", "d:b", IsInf},
    {"math.isFinite", "d:b", IsFinite},
    {"math.bitAnd", "ii:i", BitAnd},
    {"math.bitAnd", "uu:u", BitAnd},
    {"math.bitOr", "ii:i", BitOr},
    {"math.bitOr", "uu:u", BitOr},
    {"math.bitXor", "ii:i", BitXor},
    {"math.bitXor", "uu:u", BitXor},
    {"math.bitNot", "i:i", BitNot},
    {"math.bitNot", "u:u", BitNot},
    {"math.bitShiftLeft", "ii:i", Shift<true>},
    {"math.bitShiftLeft", "ui:u", Shift<true>},
    {"math.bitShiftRight", "ii:i", Shift<false>},
    {"math.bitShiftRight", "ui:u", Shift<false>},
};

}  // namespace

std::span<const Overload> MathFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
