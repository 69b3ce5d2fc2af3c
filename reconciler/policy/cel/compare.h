#pragma once

#include "reconciler/policy/cel/meter.h"
#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

enum class Order { kLess, kEqual, kGreater, kUnordered, kNone };

// How two values are ordered. Numbers compare by mathematical value across int, uint and double,
// exactly (2^53 + 1 is not 2^53); strings and bytes by their bytes, which for UTF-8 is by code
// point. kUnordered with a NaN; kNone for values that have no order (null, lists, values of
// different kinds).
Order Compare(const Value& left, const Value& right);

// The order that < <= > >= see: as Compare(), but an int or a uint meets a double as the double
// next to it, as the language's conformance cases demand: 9223372036854775807 <
// 9223372036854775808.0 is false.
Order OperatorOrder(const Value& left, const Value& right);

// CEL's ==: never an error for values of different kinds, which are merely unequal. NaN equals
// nothing. Charges what it visits and stops, with any answer, when the meter is exceeded. An error
// inside a lazy list or map is unequal to everything.
bool Equal(const Value& left, const Value& right, Arena& arena, Meter& meter);

}  // namespace portolan::reconciler::cel
