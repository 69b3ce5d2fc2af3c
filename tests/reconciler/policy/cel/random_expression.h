#pragma once

#include <string>

#include "mapcore/base/random.h"

namespace portolan::reconciler::cel {

// An expression out of the grammar, mostly well typed by chance only: it is for finding crashes,
// not for finding results. Nested at most `depth` levels.
std::string RandomExpression(Random& random, int depth);

// The same text with some of its bytes changed, removed, doubled or swapped: mostly no expression.
std::string Damaged(std::string text, Random& random);

// Compiles with and without the checker, evaluates under small limits, renders and lints. Returns
// what was promised and not kept, or "": an error without a place, a cost beyond the limit, more
// memory than that cost can need, a value that is printed too long.
std::string BrokenPromise(std::string_view source);

}  // namespace portolan::reconciler::cel
