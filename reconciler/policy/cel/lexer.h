#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reconciler/policy/cel/program.h"

namespace portolan::reconciler::cel {

enum class Token : std::uint8_t {
  kEnd,
  kBad,  // Lexer::problem() says why
  kIdent,
  kReserved,     // a word that is only allowed after a dot
  kQuotedIdent,  // `a-b`
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTrue,
  kFalse,
  kNull,
  kIn,
  kQuestion,
  kColon,
  kOr,
  kAnd,
  kNot,
  kMinus,
  kPlus,
  kStar,
  kSlash,
  kPercent,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kDot,
  kComma,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
};

struct Lexeme {
  Token token = Token::kEnd;
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
};

// Splits a source, valid UTF-8, into tokens. Space and `//` comments are skipped.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Lexeme Next();
  const Problem& problem() const { return problem_; }
  std::string_view Text(const Lexeme& lexeme) const {
    return source_.substr(lexeme.offset, lexeme.end - lexeme.offset);
  }

 private:
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  void SkipSpace();
  Token Word();
  Token Number();
  Token Digits();
  Token QuotedIdent();
  std::optional<Token> PrefixedString();
  Token String(bool raw, bool bytes);
  Token Punctuation();
  Token Bad(std::size_t offset, std::string message);

  std::string_view source_;
  std::size_t at_ = 0;
  Problem problem_;
};

}  // namespace portolan::reconciler::cel
