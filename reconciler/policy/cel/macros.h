#pragma once

#include <string_view>
#include <vector>

#include "reconciler/policy/cel/ast_builder.h"

namespace portolan::reconciler::cel {

// A call as the parser found it, before it is known whether it is a macro.
struct WrittenCall {
  std::string_view name;
  NodeId target = kNoNode;  // before the dot; kNoNode for name(…)
  std::vector<NodeId> arguments;
  Node node;  // offset, end and mark
};

// Expands the call when its name and number of arguments are those of a macro: has, all, exists,
// exists_one, filter, map, their forms with two variables, cel.bind, optMap, optFlatMap. Nothing
// when it is none. A macro written wrongly fails the builder.
std::optional<NodeId> ExpandMacro(const WrittenCall& call, AstBuilder& builder);

}  // namespace portolan::reconciler::cel
