#pragma once

#include <optional>
#include <string_view>

#include "reconciler/policy/cel/ast.h"
#include "reconciler/policy/cel/type.h"

namespace portolan::reconciler::cel {

// How an operator is written: "+", "<=".
std::string_view Sign(Op op);

// What a binary operator yields for operands of these types; nothing when it applies to no values
// of them. dyn applies to all.
std::optional<Type> OperatorType(Op op, const Type& left, const Type& right);

}  // namespace portolan::reconciler::cel
