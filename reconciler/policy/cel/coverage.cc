#include "reconciler/policy/cel/coverage.h"

#include <algorithm>

#include "reconciler/policy/cel/code.h"
#include "reconciler/policy/cel/text.h"

namespace portolan::reconciler::cel {

Coverage::Coverage(const Program& program)
    : program_(program), seen_(program.code().ast.nodes.size()) {}

void Coverage::Record(std::uint32_t node, const Value& value) {
  if (!value.is(Kind::kBool)) return;
  (value.AsBool() ? seen_[node].yes : seen_[node].no) = true;
}

std::vector<Gap> Coverage::Gaps() const {
  const Code& code = program_.code();
  std::vector<Gap> gaps;
  const auto add = [&](NodeId id, std::string missing) {
    const Node& node = code.node(id);
    gaps.push_back({node.offset, OnOneLine(code.Source(node)), std::move(missing)});
  };
  const Seen& whole = seen_[code.ast.root];
  if (!whole.yes) add(code.ast.root, "is never true");
  if (!whole.no) add(code.ast.root, "is never false");
  for (const Node& node : code.ast.nodes) {
    if (node.op != Op::kAnd && node.op != Op::kOr) continue;
    for (std::uint32_t i = 0; i < node.b; ++i) {
      const NodeId operand = code.ast.children[node.a + i];
      const Seen& seen = seen_[operand];
      if (node.op == Op::kOr && !seen.yes) add(operand, "never decides: it is never true");
      if (node.op == Op::kAnd && !seen.no) add(operand, "never decides: it is never false");
    }
  }
  std::ranges::stable_sort(gaps, {}, &Gap::offset);
  return gaps;
}

}  // namespace portolan::reconciler::cel
