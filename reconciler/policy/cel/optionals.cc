// optional.of(x) and what is done with it.
#include "reconciler/policy/cel/overload.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

Value Of(CallContext& context, Arguments arguments) {
  return Value::Optional(context.arena.New<Value>(arguments[0]));
}

Value None(CallContext&, Arguments) {
  return Value::Optional(nullptr);
}

bool IsZero(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kUint:
      return value.AsInt() == 0;
    case Kind::kDouble:
      return value.AsDouble() == 0;
    case Kind::kString:
    case Kind::kBytes:
      return value.AsText().empty();
    case Kind::kDuration:
      return value.AsTime() == SecondsNanos{};
    case Kind::kList:
      return value.AsList().size() == 0;
    case Kind::kMap:
      return value.AsMap().size() == 0;
    case Kind::kOptional:
      return value.AsOptional() == nullptr;
    default:
      return false;
  }
}

Value OfNonZero(CallContext& context, Arguments arguments) {
  return IsZero(arguments[0]) ? Value::Optional(nullptr) : Of(context, arguments);
}

Value HasValue(CallContext&, Arguments arguments) {
  return Value::Bool(arguments[0].AsOptional() != nullptr);
}

Value Get(CallContext& context, Arguments arguments) {
  if (arguments[0].AsOptional() == nullptr) return context.Fail("value() of an empty optional");
  return *arguments[0].AsOptional();
}

Value Or(CallContext&, Arguments arguments) {
  return arguments[0].AsOptional() != nullptr ? arguments[0] : arguments[1];
}

Value OrValue(CallContext&, Arguments arguments) {
  return arguments[0].AsOptional() != nullptr ? *arguments[0].AsOptional() : arguments[1];
}

constexpr Overload kFunctions[] = {
    {"optional.of", "*:o", Of},
    {"optional.none", ":o", None},
    {"optional.ofNonZeroValue", "*:o", OfNonZero},
    {"hasValue", "o.:b", HasValue},
    {"value", "o.:*", Get},
    {"or", "o.o:o", Or},
    {"orValue", "o.*:*", OrValue},
};

}  // namespace

std::span<const Overload> OptionalFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
