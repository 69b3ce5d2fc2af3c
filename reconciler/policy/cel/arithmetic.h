#pragma once

#include "reconciler/policy/cel/ast.h"
#include "reconciler/policy/cel/overload.h"

namespace portolan::reconciler::cel {

// + - * / % on values. No kinds are mixed but timestamps with durations. An overflow, a division of
// whole numbers by zero, and a time out of range are errors; doubles follow IEEE 754.
Value Arithmetic(Op op, const Value& left, const Value& right, CallContext& context);

// -value of an int or a double.
Value Negate(const Value& value, CallContext& context);

}  // namespace portolan::reconciler::cel
