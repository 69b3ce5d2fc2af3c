#include "reconciler/policy/cel/parser.h"

#include <string>
#include <vector>

#include "reconciler/policy/cel/lexer.h"
#include "reconciler/policy/cel/literal.h"
#include "reconciler/policy/cel/macros.h"
#include "reconciler/policy/cel/utf8.h"

// Precedence climbing over the grammar of docs/cel.md. Macros are expanded where their call is
// read, so that no later part knows them as calls. Recursion is bounded twice: by `nesting_` while
// reading, by the depth of nodes (ast_builder.cc) for what iterates here and recurses later.

namespace portolan::reconciler::cel {
namespace {

struct Infix {
  Token token;
  int precedence;
  Op op;
};
constexpr int kOrPrecedence = 1;
constexpr int kAndPrecedence = 2;
constexpr Infix kInfixes[] = {
    {Token::kOr, kOrPrecedence, Op::kOr},
    {Token::kAnd, kAndPrecedence, Op::kAnd},
    {Token::kEqual, 3, Op::kEqual},
    {Token::kNotEqual, 3, Op::kNotEqual},
    {Token::kLess, 3, Op::kLess},
    {Token::kLessEqual, 3, Op::kLessEqual},
    {Token::kGreater, 3, Op::kGreater},
    {Token::kGreaterEqual, 3, Op::kGreaterEqual},
    {Token::kIn, 3, Op::kIn},
    {Token::kPlus, 4, Op::kAdd},
    {Token::kMinus, 4, Op::kSubtract},
    {Token::kStar, 5, Op::kMultiply},
    {Token::kSlash, 5, Op::kDivide},
    {Token::kPercent, 5, Op::kModulo},
};

const Infix* InfixOf(Token token) {
  for (const Infix& infix : kInfixes)
    if (infix.token == token) return &infix;
  return nullptr;
}

class Parser {
 public:
  Parser(std::string_view source, Ast& ast) : lexer_(source), builder_(ast) { Advance(); }

  bool Run(Problem& problem) {
    const NodeId root = Expression();
    if (now_.token != Token::kEnd) Unexpected("the end, or an operator");
    builder_.ast().root = root;
    problem = builder_.problem();
    return !builder_.failed();
  }

 private:
  // Reading
  void Advance() {
    last_end_ = now_.end;
    now_ = lexer_.Next();
    if (now_.token == Token::kBad) builder_.Fail(lexer_.problem().offset, lexer_.problem().message);
  }
  bool Take(Token token) {
    if (now_.token != token) return false;
    Advance();
    return true;
  }
  bool Expect(Token token, std::string_view what) {
    if (Take(token)) return true;
    Unexpected(what);
    return false;
  }
  NodeId Unexpected(std::string_view expected) {
    const std::string found =
        now_.token == Token::kEnd ? "the end" : "`" + std::string(lexer_.Text(now_)) + "`";
    return builder_.Fail(now_.offset, "expected " + std::string(expected) + ", found " + found);
  }
  std::uint32_t Start(NodeId id) {
    return id == kNoNode ? now_.offset : builder_.ast().nodes[id].offset;
  }
  Node Spanning(Op op, std::uint32_t offset, std::uint32_t mark) const {
    return {.op = op, .offset = offset, .end = last_end_, .mark = mark};
  }

  // Grammar
  NodeId Expression();
  NodeId Binary(int precedence);
  NodeId Chain(Op op, int precedence, NodeId first);
  NodeId Unary();
  NodeId Member();
  NodeId AfterDot(NodeId target, std::uint32_t mark);
  NodeId AfterBracket(NodeId target, std::uint32_t mark);
  NodeId Call(std::uint32_t offset, Lexeme name, NodeId target);
  NodeId Primary();
  NodeId Name(bool rooted, std::uint32_t offset);
  NodeId Number(bool negative, std::uint32_t offset);
  NodeId Text();
  NodeId ListLiteral();
  NodeId MapLiteral();
  NodeId Literal(const Value& value, std::uint32_t offset, std::uint8_t detail = 0);
  NodeId OptionalItem(NodeId item, std::uint32_t mark);

  Lexer lexer_;
  AstBuilder builder_;
  Lexeme now_;
  std::uint32_t last_end_ = 0;
  int nesting_ = 0;
};

// cel-go's grammar: the branch before ':' takes no conditional of its own without parentheses.
NodeId Parser::Expression() {
  if (builder_.failed()) return kNoNode;
  if (++nesting_ > kNestingMax)
    return builder_.Fail(now_.offset, "the expression is nested deeper than " +
                                          std::to_string(kNestingMax) + " levels");
  NodeId result = Binary(kOrPrecedence);
  const std::uint32_t mark = now_.offset;
  if (Take(Token::kQuestion)) {
    const NodeId yes = Binary(kOrPrecedence);
    Expect(Token::kColon, "`:` of a conditional");
    const NodeId no = Expression();
    Node node = Spanning(Op::kConditional, Start(result), mark);
    node.a = result;
    node.b = yes;
    node.c = no;
    result = builder_.Add(node, {result, yes, no});
  }
  --nesting_;
  return result;
}

NodeId Parser::Binary(int precedence) {
  NodeId left = Unary();
  while (!builder_.failed()) {
    const Infix* const infix = InfixOf(now_.token);
    if (infix == nullptr || infix->precedence < precedence) return left;
    if (infix->precedence <= kAndPrecedence) {
      left = Chain(infix->op, infix->precedence, left);
      continue;
    }
    const std::uint32_t mark = now_.offset;
    Advance();
    const NodeId right = Binary(infix->precedence + 1);
    Node node = Spanning(infix->op, Start(left), mark);
    node.a = left;
    node.b = right;
    left = builder_.Add(node, {left, right});
  }
  return kNoNode;
}

// a || b || c as one node: long chains are no deep trees.
NodeId Parser::Chain(Op op, int precedence, NodeId first) {
  const Token token = now_.token;
  const std::uint32_t mark = now_.offset;
  std::vector<NodeId> operands{first};
  while (!builder_.failed() && Take(token)) operands.push_back(Binary(precedence + 1));
  return builder_.AddMany(Spanning(op, Start(first), mark), operands);
}

NodeId Parser::Unary() {
  // A list, so that "!!!!…" needs no stack.
  std::vector<Lexeme> operators;
  while (now_.token == Token::kNot || now_.token == Token::kMinus) {
    operators.push_back(now_);
    Advance();
  }
  NodeId result;
  // The sign belongs to the literal: -9223372036854775808 has no positive counterpart.
  const bool number = now_.token == Token::kInt || now_.token == Token::kDouble;
  if (number && !operators.empty() && operators.back().token == Token::kMinus) {
    result = Number(true, operators.back().offset);
    operators.pop_back();
    if (now_.token == Token::kDot || now_.token == Token::kLeftBracket)
      return Unexpected("an operator; put a negative number in parentheses");
  } else {
    result = Member();
  }
  while (!operators.empty()) {
    const Lexeme sign = operators.back();
    operators.pop_back();
    Node node =
        Spanning(sign.token == Token::kNot ? Op::kNot : Op::kNegate, sign.offset, sign.offset);
    node.a = result;
    result = builder_.Add(node, {result});
  }
  return result;
}

NodeId Parser::Member() {
  NodeId result = Primary();
  while (!builder_.failed()) {
    const std::uint32_t mark = now_.offset;
    if (Take(Token::kDot))
      result = AfterDot(result, mark);
    else if (Take(Token::kLeftBracket))
      result = AfterBracket(result, mark);
    else if (now_.token == Token::kLeftBrace)
      return Unexpected("an operator; message literals T{…} are not part of the language");
    else
      return result;
  }
  return kNoNode;
}

NodeId Parser::AfterDot(NodeId target, std::uint32_t mark) {
  const std::uint32_t offset = Start(target);
  const bool optional = Take(Token::kQuestion);
  const Lexeme name = now_;
  const bool quoted = name.token == Token::kQuotedIdent;
  if (!quoted && name.token != Token::kIdent && name.token != Token::kReserved)
    return Unexpected("a name after `.`");
  Advance();
  if (now_.token == Token::kLeftParen && !quoted && !optional) return Call(offset, name, target);
  std::string_view text = lexer_.Text(name);
  if (quoted) text = text.substr(1, text.size() - 2);
  Node node = Spanning(Op::kSelect, offset, optional ? mark : name.offset);
  node.a = target;
  node.b = builder_.TextConstant(text);
  node.detail = optional ? kOptionalDetail : 0;
  return builder_.Add(node, {target});
}

NodeId Parser::AfterBracket(NodeId target, std::uint32_t mark) {
  const bool optional = Take(Token::kQuestion);
  const NodeId index = Expression();
  Expect(Token::kRightBracket, "`]`");
  Node node = Spanning(Op::kIndex, Start(target), mark);
  node.a = target;
  node.b = index;
  node.detail = optional ? kOptionalDetail : 0;
  return builder_.Add(node, {target, index});
}

NodeId Parser::Call(std::uint32_t offset, Lexeme name, NodeId target) {
  Advance();  // the parenthesis
  WrittenCall call{
      .name = lexer_.Text(name), .target = target, .arguments = {}, .node = {Op::kCall}};
  if (now_.token != Token::kRightParen) {
    do call.arguments.push_back(Expression());
    while (!builder_.failed() && Take(Token::kComma));
  }
  Expect(Token::kRightParen, "`,` or `)`");
  if (builder_.failed()) return kNoNode;
  call.node = Spanning(Op::kCall, offset, name.offset);
  if (const auto expanded = ExpandMacro(call, builder_)) return *expanded;
  std::vector<NodeId> children = std::move(call.arguments);
  if (target != kNoNode) children.insert(children.begin(), target);
  Ast& ast = builder_.ast();
  call.node.c = static_cast<std::uint32_t>(ast.calls.size());
  ast.calls.push_back(
      {.name = builder_.TextConstant(call.name), .member = target != kNoNode, .candidates = {}});
  return builder_.AddMany(call.node, children);
}

NodeId Parser::Primary() {
  const std::uint32_t offset = now_.offset;
  switch (now_.token) {
    case Token::kInt:
    case Token::kUint:
    case Token::kDouble:
      return Number(false, offset);
    case Token::kString:
    case Token::kBytes:
      return Text();
    case Token::kTrue:
    case Token::kFalse: {
      const bool value = now_.token == Token::kTrue;
      Advance();
      return Literal(Value::Bool(value), offset);
    }
    case Token::kNull:
      Advance();
      return Literal(Value::Null(), offset);
    case Token::kDot:
      Advance();
      return Name(true, offset);
    case Token::kIdent:
      return Name(false, offset);
    case Token::kReserved:
      return builder_.Fail(offset, "`" + std::string(lexer_.Text(now_)) + "` is a reserved word");
    case Token::kLeftParen: {
      Advance();
      const NodeId inner = Expression();
      Expect(Token::kRightParen, "`)`");
      return inner;
    }
    case Token::kLeftBracket:
      return ListLiteral();
    case Token::kLeftBrace:
      return MapLiteral();
    default:
      return Unexpected("an expression");
  }
}

NodeId Parser::Name(bool rooted, std::uint32_t offset) {
  const Lexeme name = now_;
  if (name.token != Token::kIdent) return Unexpected("a name");
  Advance();
  if (now_.token == Token::kLeftParen) return Call(offset, name, kNoNode);
  Node node = Spanning(Op::kIdent, offset, name.offset);
  node.a = builder_.TextConstant(lexer_.Text(name));
  node.detail = rooted ? kRootedDetail : 0;
  return builder_.Add(node, {});
}

NodeId Parser::Literal(const Value& value, std::uint32_t offset, std::uint8_t detail) {
  Node node = Spanning(Op::kConst, offset, offset);
  node.a = builder_.Constant(value);
  node.detail = detail;
  return builder_.Add(node, {});
}

NodeId Parser::Number(bool negative, std::uint32_t offset) {
  const Lexeme lexeme = now_;
  const std::string_view text = lexer_.Text(lexeme);
  Advance();
  if (lexeme.token == Token::kDouble) {
    const auto value = ReadDouble(text);
    if (!value) return builder_.Fail(offset, "the number is too large for a double");
    return Literal(Value::Double(negative ? -*value : *value), offset);
  }
  if (lexeme.token == Token::kUint) {
    const auto value = ReadUint(text.substr(0, text.size() - 1));
    if (!value) return builder_.Fail(offset, "the number is too large for a uint of 64 bits");
    return Literal(Value::Uint(*value), offset);
  }
  const auto value = ReadInt(text, negative);
  if (!value)
    return builder_.Fail(offset, "the number is too large for an int of 64 bits; write " +
                                     std::string(text) + "u or " + std::string(text) + ".0");
  return Literal(Value::Int(*value), offset);
}

NodeId Parser::Text() {
  const Lexeme lexeme = now_;
  const std::string_view literal = lexer_.Text(lexeme);
  Advance();
  const auto text = DecodeText(literal);
  if (!text.ok()) return builder_.Fail(lexeme.offset, text.error().message);
  const std::string_view copy = builder_.ast().arena.Copy(*text);
  const bool bytes = lexeme.token == Token::kBytes;
  return Literal(bytes ? Value::Bytes(copy) : Value::String(copy), lexeme.offset,
                 IsRaw(literal) ? kRawDetail : 0);
}

NodeId Parser::OptionalItem(NodeId item, std::uint32_t mark) {
  Node node = Spanning(Op::kOptionalItem, mark, mark);
  node.a = item;
  return builder_.Add(node, {item});
}

NodeId Parser::ListLiteral() {
  const std::uint32_t offset = now_.offset;
  Advance();
  std::vector<NodeId> items;
  while (!builder_.failed() && now_.token != Token::kRightBracket) {
    const std::uint32_t mark = now_.offset;
    const bool optional = Take(Token::kQuestion);
    const NodeId item = Expression();
    items.push_back(optional ? OptionalItem(item, mark) : item);
    if (!Take(Token::kComma)) break;
  }
  Expect(Token::kRightBracket, "`,` or `]`");
  return builder_.AddMany(Spanning(Op::kList, offset, offset), items);
}

NodeId Parser::MapLiteral() {
  const std::uint32_t offset = now_.offset;
  Advance();
  std::vector<NodeId> items;
  while (!builder_.failed() && now_.token != Token::kRightBrace) {
    const std::uint32_t mark = now_.offset;
    const bool optional = Take(Token::kQuestion);
    items.push_back(Expression());
    Expect(Token::kColon, "`:` after a key");
    const NodeId value = Expression();
    items.push_back(optional ? OptionalItem(value, mark) : value);
    if (!Take(Token::kComma)) break;
  }
  Expect(Token::kRightBrace, "`,` or `}`");
  return builder_.AddMany(Spanning(Op::kMap, offset, offset), items);
}

}  // namespace

bool Parse(std::string_view source, Ast& ast, Problem& problem) {
  if (source.size() > kSourceBytesMax) {
    problem = {0, "the expression has " + std::to_string(source.size()) + " bytes, at most " +
                      std::to_string(kSourceBytesMax) + " are allowed"};
    return false;
  }
  if (!ValidUtf8(source)) {
    problem = {0, "the expression is not valid UTF-8"};
    return false;
  }
  return Parser(source, ast).Run(problem);
}

}  // namespace portolan::reconciler::cel
