#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/policy/cel/ast.h"
#include "reconciler/policy/cel/program.h"

namespace portolan::reconciler::cel {

// Adds nodes to an Ast and keeps it within its limits. After the first problem every call returns
// kNoNode, and kNoNode is accepted as a child, so that a parser need not look after each step.
class AstBuilder {
 public:
  explicit AstBuilder(Ast& ast) : ast_(ast) {}

  Ast& ast() { return ast_; }
  bool failed() const { return failed_; }
  const Problem& problem() const { return problem_; }
  // Keeps the first one.
  NodeId Fail(std::uint32_t offset, std::string message);

  std::uint32_t Constant(const Value& value);
  std::uint32_t TextConstant(std::string_view text);  // copies
  // Adds the node when all `children` are there.
  NodeId Add(const Node& node, std::initializer_list<NodeId> children);
  // Adds a node whose `a` and `b` become the place of its children in Ast::children.
  NodeId AddMany(Node node, const std::vector<NodeId>& children);
  NodeId AddMacro(Node node, const Macro& macro);

 private:
  NodeId Append(const Node& node, int depth);

  Ast& ast_;
  std::vector<std::uint16_t> depths_;  // of the subtree below each node
  bool failed_ = false;
  Problem problem_;
};

}  // namespace portolan::reconciler::cel
