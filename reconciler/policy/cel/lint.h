#pragma once

#include <vector>

#include "reconciler/policy/cel/program.h"

namespace portolan::reconciler::cel {

// What is allowed and yet likely a mistake, in the order of the source:
// - a pattern for matches() with backslashes that is not written r'…', where "\b" is a backspace;
// - a macro inside the body of another, both over lists or maps whose size is not known: its cost
// is
//   the product of both.
std::vector<Problem> Lint(const Program& program);

}  // namespace portolan::reconciler::cel
