#pragma once

#include "reconciler/policy/cel/code.h"

namespace portolan::reconciler::cel {

// Resolves the names of a parsed expression in place (variables, macro variables, types, functions,
// literal patterns, zones) and, with options.check, refuses what can never work. Sets the code's
// variables and type. False with the first problem in the order of evaluation.
bool Check(Code& code, const Environment& environment, const CompileOptions& options,
           Problem& problem);

}  // namespace portolan::reconciler::cel
