#pragma once

#include <memory>
#include <string_view>

#include "reconciler/policy/cel/ast.h"
#include "reconciler/policy/cel/program.h"

namespace portolan::reconciler::cel {

// Reads an expression after the grammar of docs/cel.md. Macros are expanded to Macro entries on the
// way; names are left as they are. False with `problem` for the first mistake, or when a limit is
// passed (kSourceBytesMax, kNestingMax, kNodesMax).
bool Parse(std::string_view source, Ast& ast, Problem& problem);

}  // namespace portolan::reconciler::cel
