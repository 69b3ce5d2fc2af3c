#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/policy/cel/code.h"

namespace portolan::reconciler::cel {

// The state of one Check(): the walk over the nodes, which visits every node once. Its members are
// spread over check.cc (names, fields, literals), check_call.cc and check_macro.cc.
class Checker {
 public:
  Checker(Code& code, const Environment& environment, const CompileOptions& options)
      : code_(code), environment_(environment), options_(options) {}

  bool failed() const { return failed_; }
  const Problem& problem() const { return problem_; }
  Type Visit(NodeId id);

 private:
  struct Local {
    std::string_view name;
    std::uint32_t slot;
    Type type;
  };

  // check.cc
  Type Dispatch(NodeId id);
  Type Ident(NodeId id);
  Type Field(NodeId id);
  Type FieldOf(const Node& node, const Type& operand);
  Type Index(const Node& node);
  Type Binary(const Node& node);
  Type Logical(const Node& node);
  Type Conditional(const Node& node);
  Type ListLiteral(NodeId id);
  Type MapLiteral(const Node& node);
  void ExpectBool(NodeId id, std::string_view where);
  // Turns a.b.c into a variable or a type when one has that name.
  std::optional<Type> Qualified(NodeId id);
  std::optional<std::string> QualifiedName(NodeId id) const;
  bool RootIsLocal(NodeId id) const;
  std::optional<Type> Named(NodeId id, std::string_view name);
  const Local* FindLocal(std::string_view name) const;

  // check_call.cc
  Type Call(NodeId id);
  // Makes math.abs(x), which reads like a member call, a call of the function "math.abs".
  void TakeNamespace(Node& node);
  Type CheckArguments(const Node& node, const std::vector<Type>& types);
  void Prepare(const Node& node);
  void PrepareRegex(const Node& node);
  void PrepareZone(const Node& node);

  // check_macro.cc
  Type MacroCall(const Node& node);
  Type Loop(const Node& node, const Macro& macro, const Type& range);
  void Declare(const Macro& macro, const Type& first, const Type& second);
  void Drop(const Macro& macro);

  // "; did you mean `percent`?", or nothing.
  static std::string Suggestion(std::string_view word,
                                const std::vector<std::string_view>& candidates);
  // The first problem stays; returns dyn. Without options.check only Fail() counts.
  Type Fail(std::uint32_t offset, std::string message);
  Type Refuse(std::uint32_t offset, std::string message);
  // Makes the node an error that only its evaluation meets.
  void Postpone(NodeId id, std::string message);
  const Value* ConstantOf(NodeId id) const;
  std::span<const NodeId> Children(const Node& node) const {
    return std::span(code_.ast.children).subspan(node.a, node.b);
  }
  std::string SourceOf(NodeId id) const { return std::string(code_.Source(code_.node(id))); }

  Code& code_;
  const Environment& environment_;
  const CompileOptions& options_;
  std::vector<Local> locals_;
  bool failed_ = false;
  Problem problem_;
};

}  // namespace portolan::reconciler::cel
