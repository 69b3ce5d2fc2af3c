#pragma once

#include <string>

#include "reconciler/policy/cel/ast.h"
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/program.h"

namespace portolan::reconciler::cel {

// What a Program holds: the flat nodes with all names resolved.
struct Code {
  std::string source;
  Ast ast;
  std::vector<std::uint32_t> variables;  // of the Environment, in the order of first use
  Type type;
  std::vector<std::unique_ptr<const Regex>> regexes;
  const Zones* zones = nullptr;

  const Node& node(NodeId id) const { return ast.nodes[id]; }
  std::string_view Source(const Node& node) const {
    return std::string_view(source).substr(node.offset, node.end - node.offset);
  }
};

}  // namespace portolan::reconciler::cel
