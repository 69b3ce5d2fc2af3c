#include "reconciler/policy/cel/macros.h"

#include <algorithm>
#include <string>

// A macro is known by its name and its number of arguments; with any other number it is a call
// like others, and the checker says that there is no such function.

namespace portolan::reconciler::cel {
namespace {

// A member macro: its variables come first, then perhaps a filter, then the body.
struct Form {
  std::string_view name;
  std::size_t variables;
  bool filter;
  MacroKind kind;
};
constexpr Form kForms[] = {
    {"all", 1, false, MacroKind::kAll},
    {"all", 2, false, MacroKind::kAll},
    {"exists", 1, false, MacroKind::kExists},
    {"exists", 2, false, MacroKind::kExists},
    {"exists_one", 1, false, MacroKind::kExistsOne},
    {"existsOne", 1, false, MacroKind::kExistsOne},
    {"existsOne", 2, false, MacroKind::kExistsOne},
    {"exists_one", 2, false, MacroKind::kExistsOne},
    {"filter", 1, false, MacroKind::kFilter},
    {"map", 1, false, MacroKind::kMap},
    {"map", 1, true, MacroKind::kMap},
    {"transformList", 2, false, MacroKind::kMap},
    {"transformList", 2, true, MacroKind::kMap},
    {"transformMap", 2, false, MacroKind::kTransformMap},
    {"transformMap", 2, true, MacroKind::kTransformMap},
    {"transformMapEntry", 2, false, MacroKind::kTransformMapEntry},
    {"transformMapEntry", 2, true, MacroKind::kTransformMapEntry},
    {"optMap", 1, false, MacroKind::kOptionalMap},
    {"optFlatMap", 1, false, MacroKind::kOptionalFlatMap},
};

// The node of the field that was read stays in the list, without a parent.
NodeId ExpandHas(const WrittenCall& call, AstBuilder& builder) {
  const NodeId argument = call.arguments[0];
  if (argument == kNoNode) return kNoNode;
  Node node = builder.ast().nodes[argument];
  if (node.op != Op::kSelect)
    return builder.Fail(node.offset,
                        "has() takes a field, as in has(change.new.url); for a key of a map write "
                        "`key in map`");
  node.op = Op::kHas;
  node.offset = call.node.offset;
  node.end = call.node.end;
  return builder.Add(node, {node.a});
}

// Stores the macro's variables; false when one is no plain name.
bool TakeNames(const WrittenCall& call, std::size_t count, AstBuilder& builder, Macro& macro) {
  macro.two_variables = count == 2;
  for (std::size_t i = 0; i < count; ++i) {
    if (call.arguments[i] == kNoNode) return false;
    const Node& node = builder.ast().nodes[call.arguments[i]];
    if (node.op != Op::kIdent || node.detail == kRootedDetail) {
      builder.Fail(node.offset, std::string(call.name) + "() takes a plain name as its variable");
      return false;
    }
    macro.names[i] = node.a;
  }
  if (count == 2 && builder.ast().Text(macro.names[0]) == builder.ast().Text(macro.names[1])) {
    builder.Fail(call.node.mark, std::string(call.name) + "() takes two different variables");
    return false;
  }
  return true;
}

NodeId ExpandForm(const WrittenCall& call, const Form& form, AstBuilder& builder) {
  Macro macro{.kind = form.kind};
  if (!TakeNames(call, form.variables, builder, macro)) return kNoNode;
  macro.range = call.target;
  if (form.filter) {
    macro.filter = call.arguments[form.variables];
    if (macro.filter == kNoNode) return kNoNode;
  }
  macro.body = call.arguments.back();
  // A filter yields the element itself: its test is the filter, its body the variable.
  if (form.kind == MacroKind::kFilter) macro.filter = macro.body;
  Node node = call.node;
  node.op = Op::kMacro;
  return builder.AddMacro(node, macro);
}

bool IsIdent(NodeId id, std::string_view name, const Ast& ast) {
  return id != kNoNode && ast.nodes[id].op == Op::kIdent && ast.Text(ast.nodes[id].a) == name;
}

NodeId ExpandBind(const WrittenCall& call, AstBuilder& builder) {
  Macro macro{.kind = MacroKind::kBind};
  if (!TakeNames(call, 1, builder, macro)) return kNoNode;
  macro.range = call.arguments[1];
  macro.body = call.arguments[2];
  Node node = call.node;
  node.op = Op::kMacro;
  return builder.AddMacro(node, macro);
}

}  // namespace

std::optional<NodeId> ExpandMacro(const WrittenCall& call, AstBuilder& builder) {
  if (call.target == kNoNode) {
    if (call.name == "has" && call.arguments.size() == 1) return ExpandHas(call, builder);
    return std::nullopt;
  }
  if (call.name == "bind" && call.arguments.size() == 3 &&
      IsIdent(call.target, "cel", builder.ast()))
    return ExpandBind(call, builder);
  for (const Form& form : kForms)
    if (form.name == call.name &&
        call.arguments.size() == form.variables + (form.filter ? 1u : 0u) + 1)
      return ExpandForm(call, form, builder);
  return std::nullopt;
}

}  // namespace portolan::reconciler::cel
