#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reconciler/policy/cel/program.h"

namespace portolan::reconciler::cel {

// What is allowed and yet likely a mistake, in the order of the source:
// - a pattern for matches() with backslashes that is not written r'…', where "\b" is a backspace;
// - a macro inside the body of another, both over lists or maps of the data: what they cost is the
//   product of two sizes. Three ranges are none of those: a literal; a part of a `written` variable
//   (an index of the Environment), whose value stands in the same file as the expression, unless
//   the other one is that as well; and, for the inner one, a part of the outer one's element, as
//   all of those together are no more than the data.
std::vector<Problem> Lint(const Program& program, std::span<const std::uint32_t> written = {});

}  // namespace portolan::reconciler::cel
