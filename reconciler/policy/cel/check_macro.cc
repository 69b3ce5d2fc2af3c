#include <algorithm>

#include "reconciler/policy/cel/checker.h"

// Macros open scopes. Their variables are slots of a stack whose depth is known now, so that an
// evaluation allocates it once.

namespace portolan::reconciler::cel {
namespace {

bool IsOptionalMacro(MacroKind kind) {
  return kind == MacroKind::kOptionalMap || kind == MacroKind::kOptionalFlatMap;
}

}  // namespace

void Checker::Declare(const Macro& macro, const Type& first, const Type& second) {
  locals_.push_back({code_.ast.Text(macro.names[0]), macro.slot, first});
  if (macro.two_variables)
    locals_.push_back({code_.ast.Text(macro.names[1]), macro.slot + 1, second});
  code_.ast.slots =
      std::max<std::uint32_t>(code_.ast.slots, static_cast<std::uint32_t>(locals_.size()));
}

void Checker::Drop(const Macro& macro) {
  locals_.resize(locals_.size() - (macro.two_variables ? 2 : 1));
}

Type Checker::MacroCall(const Node& node) {
  const Type range = Visit(code_.ast.macros[node.a].range);
  if (failed_) return Type::Dyn();
  Macro& macro = code_.ast.macros[node.a];
  // Slots are a stack: macros that stand side by side share theirs.
  macro.slot = static_cast<std::uint32_t>(locals_.size());
  if (macro.kind == MacroKind::kBind) {
    Declare(macro, range, {});
    const Type result = Visit(macro.body);
    Drop(macro);
    return result;
  }
  if (IsOptionalMacro(macro.kind)) {
    if (!range.MayBe(Kind::kOptional))
      return Refuse(node.mark, "optMap() needs an optional, found " + range.ToString());
    Declare(macro, range.element(), {});
    const Type result = Visit(macro.body);
    Drop(macro);
    return macro.kind == MacroKind::kOptionalMap ? Type::Optional(result) : result;
  }
  if (!range.MayBe(Kind::kList) && !range.MayBe(Kind::kMap))
    return Refuse(node.mark, "`" + SourceOf(macro.range) + "` is " + range.ToString() +
                                 "; only a list or a map has elements to go over");
  return Loop(node, macro, range);
}

Type Checker::Loop(const Node&, const Macro& macro, const Type& range) {
  const bool list = !range.dyn() && range.kind() == Kind::kList;
  const bool object = range.shape() == Type::Shape::kObject;
  const Type element = object ? Type::Dyn() : range.element();
  const Type first = range.dyn() ? Type::Dyn()
                     : list      ? (macro.two_variables ? Type::Int() : element)
                                 : range.key();
  Declare(macro, first, element);
  if (macro.filter != kNoNode) ExpectBool(macro.filter, "the test of a macro");
  Type result = Type::Bool();
  switch (macro.kind) {
    case MacroKind::kAll:
    case MacroKind::kExists:
    case MacroKind::kExistsOne:
      ExpectBool(macro.body, "the test of a macro");
      break;
    case MacroKind::kFilter:
      result = Type::List(first);
      break;
    case MacroKind::kMap:
      result = Type::List(Visit(macro.body));
      break;
    case MacroKind::kTransformMap:
      result = Type::Map(first, Visit(macro.body));
      break;
    default: {
      const Type entry = Visit(macro.body);
      if (!entry.MayBe(Kind::kMap))
        Refuse(code_.node(macro.body).offset,
               "transformMapEntry() needs a map of one entry, found " + entry.ToString());
      result = Type::Map(entry.key(), entry.element());
      break;
    }
  }
  Drop(macro);
  return result;
}

}  // namespace portolan::reconciler::cel
