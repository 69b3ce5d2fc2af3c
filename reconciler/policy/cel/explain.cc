#include "reconciler/policy/cel/explain.h"

#include <algorithm>

#include "reconciler/policy/cel/code.h"
#include "reconciler/policy/cel/text.h"
#include "reconciler/policy/cel/utf8.h"

// Power assertions: under the source of each operand stands its value, and a caret under the one
// that decided. Widths count code points, so columns meet in a terminal for all but wide
// characters.

namespace portolan::reconciler::cel {
namespace {

constexpr std::size_t kBreakColumn = 70;  // a row ends at the first && or || behind it
constexpr int kBodiesMax = 3;             // nested bodies of macros that are shown

// White space in one run becomes one space: an expression in a YAML block has line feeds.
std::string OnOneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space)
      line += c;
    else if (line.empty() || line.back() != ' ')
      line += ' ';
  }
  return line;
}

bool IsOperator(Op op) {
  return op == Op::kConditional || (op >= Op::kNot && op <= Op::kOr);
}

std::vector<NodeId> Operands(const Ast& ast, const Node& node) {
  switch (node.op) {
    case Op::kNot:
    case Op::kNegate:
      return {node.a};
    case Op::kAnd:
    case Op::kOr: {
      const auto first = ast.children.begin() + node.a;
      return {first, first + node.b};
    }
    case Op::kConditional:
      return {node.a, node.b, node.c};
    default:
      return {node.a, node.b};
  }
}

void Pad(std::string& line, std::size_t columns) {
  line.append(columns - std::min(columns, CodePoints(line)), ' ');
}

// A stretch of the source and what stands below it.
struct Piece {
  std::string source;
  std::string value;
  std::uint32_t offset;
  bool breaks = false;  // a row may begin here
};

}  // namespace

class ExplanationWriter {
 public:
  explicit ExplanationWriter(const Explanation& explanation)
      : explanation_(explanation), code_(explanation.program_.code()) {}

  std::string Write(NodeId root) {
    Body(root, "", 0);
    return std::move(out_);
  }

 private:
  void Body(NodeId root, const std::string& indent, int depth) {
    std::vector<NodeId> operands;
    Flatten(root, operands);
    Rows(Pieces(root, operands), Deciding(root), indent, root);
    if (depth >= kBodiesMax) return;
    for (const NodeId operand : operands) Element(operand, indent + "  ", depth);
  }

  void Flatten(NodeId id, std::vector<NodeId>& operands) const {
    const Node& node = code_.node(id);
    if (!IsOperator(node.op)) {
      operands.push_back(id);
      return;
    }
    for (const NodeId child : Operands(code_.ast, node)) Flatten(child, operands);
  }

  std::vector<Piece> Pieces(NodeId root, const std::vector<NodeId>& operands) const {
    std::vector<Piece> pieces;
    std::uint32_t at = code_.node(root).offset;
    const auto gap = [&](std::uint32_t end) {
      if (end <= at) return;
      const std::string text = OnOneLine(std::string_view(code_.source).substr(at, end - at));
      const bool breaks =
          text.find("&&") != std::string::npos || text.find("||") != std::string::npos;
      pieces.push_back({text, text, at, breaks});
    };
    for (const NodeId id : operands) {
      const Node& node = code_.node(id);
      gap(node.offset);
      const std::string source = OnOneLine(code_.Source(node));
      pieces.push_back({source, ValueOf(id, source), node.offset});
      at = node.end;
    }
    gap(code_.node(root).end);
    return pieces;
  }

  std::string ValueOf(NodeId id, const std::string& source) const {
    if (code_.node(id).op == Op::kConst) return source;
    const auto& seen = explanation_.seen_[id];
    return seen ? seen->text : "·";
  }

  // Where the caret goes: down the operands that made the result what it is.
  // The first false of &&, the first true of ||, the branch that was taken, the error that came
  // through.
  std::optional<std::uint32_t> Deciding(NodeId id) const {
    const auto& seen = explanation_.seen_[id];
    const Node& node = code_.node(id);
    if (!seen) return std::nullopt;
    if (node.op == Op::kAnd || node.op == Op::kOr) {
      const std::vector<NodeId> children = Operands(code_.ast, node);
      NodeId chosen = children.back();
      for (const NodeId child : children) {
        const auto& operand = explanation_.seen_[child];
        if (!operand || operand->kind != seen->kind || operand->truth != seen->truth) continue;
        chosen = child;
        if (seen->kind == Kind::kError || seen->truth == (node.op == Op::kOr)) break;
      }
      return Deciding(chosen);
    }
    if (!IsOperator(node.op)) return node.offset;
    for (const NodeId child : Operands(code_.ast, node))
      if (seen->kind == Kind::kError && explanation_.seen_[child] &&
          explanation_.seen_[child]->kind == Kind::kError)
        return Deciding(child);
    if (node.op == Op::kNot) return Deciding(node.a);
    if (node.op == Op::kConditional) {
      const NodeId taken = explanation_.seen_[node.b] ? node.b : node.c;
      return Deciding(explanation_.seen_[taken] ? taken : node.a);
    }
    return node.mark;
  }

  void Rows(const std::vector<Piece>& pieces, std::optional<std::uint32_t> deciding,
            const std::string& indent, NodeId root) {
    std::string source = indent, values = indent, caret;
    const auto flush = [&](bool last) {
      if (last) {
        const auto& seen = explanation_.seen_[root];
        Pad(values, CodePoints(source));
        values += " ⇒ " + (seen ? seen->text : std::string("·"));
      }
      for (std::string* line : {&source, &values, &caret}) {
        line->erase(line->find_last_not_of(' ') + 1);
        if (!line->empty()) out_ += *line + "\n";
      }
      source = values = indent;
      caret.clear();
    };
    for (Piece piece : pieces) {
      if (piece.breaks && CodePoints(source) + CodePoints(piece.source) > kBreakColumn) {
        flush(false);
        piece.source.erase(0, piece.source.find_first_not_of(' '));
        piece.value = piece.source;
      }
      const std::size_t width = std::max(CodePoints(piece.source), CodePoints(piece.value));
      const std::size_t column = CodePoints(source);
      if (deciding && *deciding >= piece.offset && *deciding < piece.offset + piece.source.size()) {
        Pad(caret, column + CodePoints(piece.source.substr(0, *deciding - piece.offset)));
        caret += "^";
      }
      source += piece.source;
      values += piece.value;
      Pad(source, column + width);
      Pad(values, column + width);
    }
    flush(true);
  }

  // The body of an all() or exists() for the element that decided.
  void Element(NodeId id, const std::string& indent, int depth) {
    const Node& node = code_.node(id);
    const auto& seen = explanation_.seen_[id];
    if (node.op != Op::kMacro || !seen || seen->kind != Kind::kBool) return;
    const Macro& macro = code_.ast.macros[node.a];
    const bool decided = (macro.kind == MacroKind::kAll && !seen->truth) ||
                         (macro.kind == MacroKind::kExists && seen->truth);
    // For an all() that is true every element decided: there is none to show.
    if (!decided) return;
    std::string names;
    for (std::uint32_t i = 0; i < (macro.two_variables ? 2u : 1u); ++i) {
      const std::string value = LocalValue(macro, i);
      if (!value.empty())
        names += (names.empty() ? "" : ", ") + std::string(code_.ast.Text(macro.names[i])) + " = " +
                 value;
    }
    out_ += indent + "for " + (names.empty() ? "an element" : names) + ":\n";
    Body(macro.body, indent, depth + 1);
  }

  // What the macro's variable was when its body last named it.
  std::string LocalValue(const Macro& macro, std::uint32_t index) const {
    const Node& body = code_.node(macro.body);
    for (NodeId id = 0; id < code_.ast.nodes.size(); ++id) {
      const Node& node = code_.node(id);
      if (node.op == Op::kLocal && node.a == macro.slot + index && explanation_.seen_[id] &&
          node.offset >= body.offset && node.end <= body.end)
        return explanation_.seen_[id]->text;
    }
    return {};
  }

  const Explanation& explanation_;
  const Code& code_;
  std::string out_;
};

Explanation::Explanation(const Program& program, std::size_t value_bytes_max)
    : program_(program),
      value_bytes_max_(value_bytes_max),
      seen_(program.code().ast.nodes.size()) {}

void Explanation::Record(std::uint32_t node, const Value& value) {
  seen_[node] =
      Seen{TextOf(value, value_bytes_max_), value.kind(), value.is(Kind::kBool) && value.AsBool()};
}

std::vector<ExplainedValue> Explanation::Values() const {
  std::vector<ExplainedValue> values;
  const Code& code = program_.code();
  for (NodeId id = 0; id < seen_.size(); ++id) {
    const Node& node = code.node(id);
    if (!seen_[id] || node.op == Op::kConst) continue;
    values.push_back(
        {node.offset, node.end - node.offset, OnOneLine(code.Source(node)), seen_[id]->text});
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const ExplainedValue& left, const ExplainedValue& right) {
                     return left.offset != right.offset ? left.offset < right.offset
                                                        : left.length > right.length;
                   });
  return values;
}

std::string Explanation::Render() const {
  return ExplanationWriter(*this).Write(program_.code().ast.root);
}

}  // namespace portolan::reconciler::cel
