#include "reconciler/policy/cel/ast_builder.h"

#include <algorithm>
#include <utility>

namespace portolan::reconciler::cel {

NodeId AstBuilder::Fail(std::uint32_t offset, std::string message) {
  if (!failed_) problem_ = {offset, std::move(message)};
  failed_ = true;
  return kNoNode;
}

std::uint32_t AstBuilder::Constant(const Value& value) {
  ast_.constants.push_back(value);
  return static_cast<std::uint32_t>(ast_.constants.size() - 1);
}

std::uint32_t AstBuilder::TextConstant(std::string_view text) {
  return Constant(Value::String(ast_.arena.Copy(text)));
}

// Depth and number are limited here, once, for all that walks the tree afterwards: checker,
// evaluator and explanation recurse, and trust it. Children come before their parents.
NodeId AstBuilder::Append(const Node& node, int depth) {
  if (failed_) return kNoNode;
  if (depth > kNestingMax)
    return Fail(node.mark, "the expression is nested deeper than " + std::to_string(kNestingMax) +
                               " levels; split it into variables");
  if (ast_.nodes.size() >= kNodesMax)
    return Fail(node.mark, "the expression has more than " + std::to_string(kNodesMax) +
                               " nodes; split it into several");
  ast_.nodes.push_back(node);
  // At most kNestingMax.
  depths_.push_back(static_cast<std::uint16_t>(depth));
  return static_cast<NodeId>(ast_.nodes.size() - 1);
}

NodeId AstBuilder::Add(const Node& node, std::initializer_list<NodeId> children) {
  int depth = 0;
  for (const NodeId child : children) {
    if (child == kNoNode) return kNoNode;
    depth = std::max<int>(depth, depths_[child]);
  }
  return Append(node, depth + 1);
}

NodeId AstBuilder::AddMany(Node node, const std::vector<NodeId>& children) {
  int depth = 0;
  for (const NodeId child : children) {
    if (child == kNoNode) return kNoNode;
    depth = std::max<int>(depth, depths_[child]);
  }
  node.a = static_cast<std::uint32_t>(ast_.children.size());
  node.b = static_cast<std::uint32_t>(children.size());
  ast_.children.insert(ast_.children.end(), children.begin(), children.end());
  return Append(node, depth + 1);
}

NodeId AstBuilder::AddMacro(Node node, const Macro& macro) {
  node.a = static_cast<std::uint32_t>(ast_.macros.size());
  ast_.macros.push_back(macro);
  if (macro.filter == kNoNode) return Add(node, {macro.range, macro.body});
  return Add(node, {macro.range, macro.filter, macro.body});
}

}  // namespace portolan::reconciler::cel
