#include "reconciler/policy/cel/operators.h"

// Types of operators, for the checker. Arithmetic mixes no kinds: what `1 + 1.5` should be is not
// for a policy to find out.

namespace portolan::reconciler::cel {
namespace {

bool Number(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDouble;
}

bool Ordered(Kind kind) {
  return Number(kind) || kind == Kind::kBool || kind == Kind::kString || kind == Kind::kBytes ||
         kind == Kind::kTimestamp || kind == Kind::kDuration;
}

std::optional<Type> Sum(const Type& left, const Type& right) {
  const Kind a = left.kind(), b = right.kind();
  if (a == Kind::kTimestamp && b == Kind::kDuration) return left;
  if (a == Kind::kDuration && (b == Kind::kTimestamp || b == Kind::kDuration)) return right;
  if (a != b) return std::nullopt;
  if (a == Kind::kList) return Type::List(Join(left.element(), right.element()));
  if (Number(a) || a == Kind::kString || a == Kind::kBytes) return left;
  return std::nullopt;
}

std::optional<Type> Difference(const Type& left, const Type& right) {
  const Kind a = left.kind(), b = right.kind();
  if (a == Kind::kTimestamp && b == Kind::kDuration) return left;
  if (a == Kind::kTimestamp && b == Kind::kTimestamp) return Type::Duration();
  if (a == b && (Number(a) || a == Kind::kDuration)) return left;
  return std::nullopt;
}

// The type that `op` yields when an operand is dyn.
Type Unknown(Op op) {
  switch (op) {
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kModulo:
      return Type::Dyn();
    default:
      return Type::Bool();
  }
}

}  // namespace

std::string_view Sign(Op op) {
  switch (op) {
    case Op::kNot:
      return "!";
    case Op::kNegate:
    case Op::kSubtract:
      return "-";
    case Op::kAdd:
      return "+";
    case Op::kMultiply:
      return "*";
    case Op::kDivide:
      return "/";
    case Op::kModulo:
      return "%";
    case Op::kEqual:
      return "==";
    case Op::kNotEqual:
      return "!=";
    case Op::kLess:
      return "<";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterEqual:
      return ">=";
    case Op::kIn:
      return "in";
    case Op::kAnd:
      return "&&";
    case Op::kOr:
      return "||";
    case Op::kConditional:
      return "?";
    default:
      return "";
  }
}

std::optional<Type> OperatorType(Op op, const Type& left, const Type& right) {
  if (op == Op::kEqual || op == Op::kNotEqual) return Type::Bool();
  if (op == Op::kIn) {
    if (right.MayBe(Kind::kList) || right.MayBe(Kind::kMap)) return Type::Bool();
    return std::nullopt;
  }
  // Tested at run time.
  if (left.dyn() || right.dyn()) return Unknown(op);
  const Kind a = left.kind(), b = right.kind();
  switch (op) {
    case Op::kAdd:
      return Sum(left, right);
    case Op::kSubtract:
      return Difference(left, right);
    case Op::kMultiply:
    case Op::kDivide:
      if (a == b && Number(a)) return left;
      return std::nullopt;
    case Op::kModulo:
      if (a == b && Number(a) && a != Kind::kDouble) return left;
      return std::nullopt;
    default:
      if ((a == b && Ordered(a)) || (Number(a) && Number(b))) return Type::Bool();
      return std::nullopt;
  }
}

}  // namespace portolan::reconciler::cel
