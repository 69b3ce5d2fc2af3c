#include "reconciler/policy/cel/overload.h"

#include "reconciler/policy/cel/evaluate.h"

// The table of functions, gathered from the files that define them; a name with several signatures
// has several rows.

namespace portolan::reconciler::cel {

Value CallContext::Text(std::string_view text) const {
  if (text.size() > kTextBytesMax) return Fail("the text would be longer than 16 MiB");
  meter.ChargeTraversal(text.size());
  return Value::String(arena.Copy(text));
}

// The letters of a signature: overload.h explains them.
Type Overload::ResultType() const {
  switch (result) {
    case 'b':
      return Type::Bool();
    case 'i':
      return Type::Int();
    case 'u':
      return Type::Uint();
    case 'd':
      return Type::Double();
    case 's':
      return Type::String();
    case 'y':
      return Type::Bytes();
    case 't':
      return Type::Timestamp();
    case 'D':
      return Type::Duration();
    case 'l':
      return Type::List(Type::Dyn());
    case 'L':
      return Type::List(Type::String());
    case 'T':
      return Type::Scalar(Kind::kType);
    case 'o':
      return Type::Optional(Type::Dyn());
    case 'I':
      return Type::Scalar(Kind::kIp);
    case 'C':
      return Type::Scalar(Kind::kCidr);
    default:
      return Type::Dyn();
  }
}

std::span<const std::span<const Overload>> FunctionTables() {
  static const std::array kTables = {ConversionFunctions(), StringFunctions(), TextFormFunctions(),
                                     TimeFunctions(),       MathFunctions(),   PortolanFunctions(),
                                     OptionalFunctions(),   NetworkFunctions()};
  return kTables;
}

}  // namespace portolan::reconciler::cel
