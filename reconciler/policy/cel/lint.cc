#include "reconciler/policy/cel/lint.h"

#include <algorithm>
#include <string>

#include "reconciler/policy/cel/code.h"

// What is legal and most likely a mistake.

namespace portolan::reconciler::cel {
namespace {

bool Loops(const Macro& macro) {
  return macro.kind != MacroKind::kBind && macro.kind != MacroKind::kOptionalMap &&
         macro.kind != MacroKind::kOptionalFlatMap;
}

bool Inside(const Node& inner, const Node& outer) {
  return inner.offset >= outer.offset && inner.end <= outer.end;
}

// What `range` is a part of: `a` of `a.b[c].d`.
const Node& RootOf(const Code& code, NodeId range) {
  const Node* node = &code.node(range);
  while (node->op == Op::kSelect || node->op == Op::kIndex) node = &code.node(node->a);
  return *node;
}

// A literal's size is written down; so is that of a macro's result over one, but nobody nests
// those.
bool IsLiteral(const Code& code, NodeId range) {
  const Op op = code.node(range).op;
  return op == Op::kConst || op == Op::kList || op == Op::kMap;
}

bool IsWritten(const Code& code, NodeId range, std::span<const std::uint32_t> written) {
  const Node& root = RootOf(code, range);
  return root.op == Op::kVariable &&
         std::ranges::find(written, code.variables[root.a]) != written.end();
}

bool Binds(const Macro& macro, std::uint32_t slot) {
  return slot == macro.slot || (macro.two_variables && slot == macro.slot + 1);
}

// No two elements share a part, nor do parts, so those of all elements together are gone through
// once. A part may be one of an element of a part: `p.bits` of `r.parts.all(p, …)` is one of `r`.
// Slots are a macro's own as long as its body is evaluated.
bool IsPartOfElement(const Code& code, NodeId range, const Macro& outer) {
  const Node& root = RootOf(code, range);
  if (root.op != Op::kLocal) return false;
  if (Binds(outer, root.a)) return true;
  return std::ranges::any_of(code.ast.macros, [&](const Macro& between) {
    return Loops(between) && Binds(between, root.a) && Inside(root, code.node(between.body)) &&
           IsPartOfElement(code, between.range, outer);
  });
}

void LintPattern(const Code& code, const Node& call, std::vector<Problem>& problems) {
  const CallSite& site = code.ast.calls[call.c];
  if (code.ast.Text(site.name) != "matches" || call.b != 2) return;
  const Node& pattern = code.node(code.ast.children[call.a + 1]);
  if (pattern.op != Op::kConst || (pattern.detail & kRawDetail) != 0) return;
  if (code.Source(pattern).find('\\') == std::string_view::npos) return;
  problems.push_back({pattern.offset,
                      "the pattern has backslashes and is no raw string; write r'…', so that \\b "
                      "is a word boundary and not a backspace"});
}

// The cost limit would say it at run time, on the first large commit; this says it in review.
void LintNesting(const Code& code, const Node& node, std::span<const std::uint32_t> written,
                 std::vector<Problem>& problems) {
  const Macro& outer = code.ast.macros[node.a];
  if (!Loops(outer) || IsLiteral(code, outer.range)) return;
  const bool outer_written = IsWritten(code, outer.range, written);
  for (const Node& other : code.ast.nodes) {
    if (other.op != Op::kMacro || !Inside(other, code.node(outer.body))) continue;
    const Macro& inner = code.ast.macros[other.a];
    if (!Loops(inner) || IsLiteral(code, inner.range)) continue;
    // Beside the data a written list is short. Two of them are not short beside each other.
    if (outer_written != IsWritten(code, inner.range, written)) continue;
    if (IsPartOfElement(code, inner.range, outer)) continue;
    problems.push_back({other.offset, "`" + std::string(code.Source(code.node(inner.range))) +
                                          "` is gone through once for each element of `" +
                                          std::string(code.Source(code.node(outer.range))) +
                                          "`; with long lists this passes the cost limit"});
    return;
  }
}

}  // namespace

std::vector<Problem> Lint(const Program& program, std::span<const std::uint32_t> written) {
  const Code& code = program.code();
  std::vector<Problem> problems;
  for (const Node& node : code.ast.nodes) {
    if (node.op == Op::kCall) LintPattern(code, node, problems);
    if (node.op == Op::kMacro) LintNesting(code, node, written, problems);
  }
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& left, const Problem& right) {
    return left.offset < right.offset;
  });
  return problems;
}

}  // namespace portolan::reconciler::cel
