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

// A literal's size is written down; so is that of a macro's result over one, but nobody nests
// those.
bool HasKnownSize(const Code& code, NodeId range) {
  const Op op = code.node(range).op;
  return op == Op::kConst || op == Op::kList || op == Op::kMap;
}

bool Inside(const Node& inner, const Node& outer) {
  return inner.offset >= outer.offset && inner.end <= outer.end;
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
void LintNesting(const Code& code, const Node& node, std::vector<Problem>& problems) {
  const Macro& outer = code.ast.macros[node.a];
  if (!Loops(outer) || HasKnownSize(code, outer.range)) return;
  for (const Node& other : code.ast.nodes) {
    if (other.op != Op::kMacro || !Inside(other, code.node(outer.body))) continue;
    const Macro& inner = code.ast.macros[other.a];
    if (!Loops(inner) || HasKnownSize(code, inner.range)) continue;
    problems.push_back({other.offset, "`" + std::string(code.Source(code.node(inner.range))) +
                                          "` is gone through once for each element of `" +
                                          std::string(code.Source(code.node(outer.range))) +
                                          "`; with long lists this passes the cost limit"});
    return;
  }
}

}  // namespace

std::vector<Problem> Lint(const Program& program) {
  const Code& code = program.code();
  std::vector<Problem> problems;
  for (const Node& node : code.ast.nodes) {
    if (node.op == Op::kCall) LintPattern(code, node, problems);
    if (node.op == Op::kMacro) LintNesting(code, node, problems);
  }
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& left, const Problem& right) {
    return left.offset < right.offset;
  });
  return problems;
}

}  // namespace portolan::reconciler::cel
