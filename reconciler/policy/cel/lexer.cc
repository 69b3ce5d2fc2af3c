#include "reconciler/policy/cel/lexer.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

// Tokens with their place in the source, made one at a time as the parser asks. Literals stay text
// until then (literal.cc).

namespace portolan::reconciler::cel {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// cel-spec, "Syntax", RESERVED.
constexpr std::string_view kReservedWords[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while",
};

Token TokenOfWord(std::string_view word) {
  if (word == "true") return Token::kTrue;
  if (word == "false") return Token::kFalse;
  if (word == "null") return Token::kNull;
  if (word == "in") return Token::kIn;
  const bool reserved = std::find(std::begin(kReservedWords), std::end(kReservedWords), word) !=
                        std::end(kReservedWords);
  return reserved ? Token::kReserved : Token::kIdent;
}

struct Sign {
  std::string_view text;
  Token token;
};
constexpr Sign kSigns[] = {
    // Longer ones first.
    {"||", Token::kOr},           {"&&", Token::kAnd},       {"<=", Token::kLessEqual},
    {">=", Token::kGreaterEqual}, {"==", Token::kEqual},     {"!=", Token::kNotEqual},
    {"?", Token::kQuestion},      {":", Token::kColon},      {"!", Token::kNot},
    {"-", Token::kMinus},         {"+", Token::kPlus},       {"*", Token::kStar},
    {"/", Token::kSlash},         {"%", Token::kPercent},    {"<", Token::kLess},
    {">", Token::kGreater},       {".", Token::kDot},        {",", Token::kComma},
    {"(", Token::kLeftParen},     {")", Token::kRightParen}, {"[", Token::kLeftBracket},
    {"]", Token::kRightBracket},  {"{", Token::kLeftBrace},  {"}", Token::kRightBrace},
};

}  // namespace

Token Lexer::Bad(std::size_t offset, std::string message) {
  problem_ = {static_cast<std::uint32_t>(offset), std::move(message)};
  return Token::kBad;
}

void Lexer::SkipSpace() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == '/' && Peek(1) == '/') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else {
      return;
    }
  }
}

Lexeme Lexer::Next() {
  SkipSpace();
  const std::size_t begin = at_;
  Token token = Token::kEnd;
  if (at_ < source_.size()) {
    const char c = source_[at_];
    // Before names: r'…' and b'…' begin like one.
    if (const auto text = PrefixedString())
      token = *text;
    else if (IsLetter(c))
      token = Word();
    else if (IsDigit(c) || (c == '.' && IsDigit(Peek(1))))
      token = Number();
    else if (c == '`')
      token = QuotedIdent();
    else
      token = Punctuation();
  }
  return {token, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
}

Token Lexer::Word() {
  const std::size_t begin = at_;
  while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
  return TokenOfWord(source_.substr(begin, at_ - begin));
}

Token Lexer::Number() {
  const std::size_t begin = at_;
  const Token token = Digits();
  // "1e" and "5x" would otherwise read as two tokens side by side.
  if (IsLetter(Peek())) return Bad(begin, "a number runs into a name; put an operator between");
  return token;
}

Token Lexer::Digits() {
  const auto integer = [&] {
    if (Peek() != 'u' && Peek() != 'U') return Token::kInt;
    ++at_;
    return Token::kUint;
  };
  if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X') && IsHexDigit(Peek(2))) {
    at_ += 2;
    while (IsHexDigit(Peek())) ++at_;
    return integer();
  }
  bool fraction = false;
  while (IsDigit(Peek())) ++at_;
  // A digit must follow: in `1.size()` the dot is a call's.
  if (Peek() == '.' && IsDigit(Peek(1))) {
    fraction = true;
    ++at_;
    while (IsDigit(Peek())) ++at_;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    const std::size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if (IsDigit(Peek(1 + sign))) {
      fraction = true;
      at_ += 1 + sign;
      while (IsDigit(Peek())) ++at_;
    }
  }
  return fraction ? Token::kDouble : integer();
}

Token Lexer::QuotedIdent() {
  const std::size_t begin = at_++;
  const auto allowed = [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '.' || c == '-' || c == '/' || c == ' ';
  };
  while (allowed(Peek())) ++at_;
  if (Peek() != '`' || at_ == begin + 1)
    return Bad(begin,
               "a name in back-quotes holds letters, digits, _ . - / and spaces, and ends with `");
  ++at_;
  return Token::kQuotedIdent;
}

std::optional<Token> Lexer::PrefixedString() {
  bool raw = false, bytes = false;
  std::size_t prefix = 0;
  for (; prefix < 2; ++prefix) {
    const char c = Peek(prefix);
    if ((c == 'r' || c == 'R') && !raw)
      raw = true;
    else if ((c == 'b' || c == 'B') && !bytes)
      bytes = true;
    else
      break;
  }
  if (Peek(prefix) != '"' && Peek(prefix) != '\'') return std::nullopt;
  at_ += prefix;
  return String(raw, bytes);
}

Token Lexer::String(bool raw, bool bytes) {
  const std::size_t begin = at_;
  const char quote = Peek();
  const bool triple = Peek(1) == quote && Peek(2) == quote;
  const std::size_t quotes = triple ? 3 : 1;
  at_ += quotes;
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (!raw && c == '\\') {
      at_ += 2;
    } else if (c == quote && (!triple || (Peek(1) == quote && Peek(2) == quote))) {
      at_ += quotes;
      return bytes ? Token::kBytes : Token::kString;
    } else if (!triple && (c == '\n' || c == '\r')) {
      break;
    } else {
      ++at_;
    }
  }
  at_ = std::min(at_, source_.size());
  return Bad(begin, std::string("a string that begins here does not end; close it with ") +
                        std::string(quotes, quote));
}

Token Lexer::Punctuation() {
  for (const Sign& sign : kSigns) {
    if (!source_.substr(at_).starts_with(sign.text)) continue;
    at_ += sign.text.size();
    return sign.token;
  }
  const std::size_t begin = at_++;
  if (source_[begin] == '=') return Bad(begin, "unexpected `=`; a comparison is written ==");
  if (source_[begin] == '&' || source_[begin] == '|')
    return Bad(begin, std::string("unexpected `") + source_[begin] +
                          "`; a logical operator is written " + std::string(2, source_[begin]));
  return Bad(begin, "unexpected character");
}

}  // namespace portolan::reconciler::cel
