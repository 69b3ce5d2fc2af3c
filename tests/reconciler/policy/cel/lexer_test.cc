#include "reconciler/policy/cel/lexer.h"

#include <gtest/gtest.h>

#include <vector>

namespace portolan::reconciler::cel {
namespace {

std::vector<Token> Tokens(std::string_view source) {
  Lexer lexer(source);
  std::vector<Token> tokens;
  while (true) {
    tokens.push_back(lexer.Next().token);
    if (tokens.back() == Token::kEnd || tokens.back() == Token::kBad) return tokens;
  }
}

std::string ProblemOf(std::string_view source) {
  Lexer lexer(source);
  while (true) {
    const Token token = lexer.Next().token;
    if (token == Token::kBad) return lexer.problem().message;
    if (token == Token::kEnd) return "";
  }
}

TEST(Lexer, TellsNumbersApart) {
  EXPECT_EQ(Tokens("1 0x1F 2u 0xFU .5 1.5e3 1e9"),
            (std::vector{Token::kInt, Token::kInt, Token::kUint, Token::kUint, Token::kDouble,
                         Token::kDouble, Token::kDouble, Token::kEnd}));
}

TEST(Lexer, TellsNamesWordsAndStringsApart) {
  EXPECT_EQ(Tokens("r rb if in true `a-b` r'x' bR\"y\" b ''"),
            (std::vector{Token::kIdent, Token::kIdent, Token::kReserved, Token::kIn, Token::kTrue,
                         Token::kQuotedIdent, Token::kString, Token::kBytes, Token::kIdent,
                         Token::kString, Token::kEnd}));
}

TEST(Lexer, SkipsCommentsAndSpace) {
  EXPECT_EQ(Tokens("1 // one\n\t+ 2 // end"),
            (std::vector{Token::kInt, Token::kPlus, Token::kInt, Token::kEnd}));
}

TEST(Lexer, KeepsQuotesInsideTripleQuotes) {
  EXPECT_EQ(Tokens("'''it's\n'' fine'''"), (std::vector{Token::kString, Token::kEnd}));
}

TEST(Lexer, SaysWhatIsWrong) {
  EXPECT_EQ(ProblemOf("'open"), "a string that begins here does not end; close it with '");
  EXPECT_EQ(ProblemOf("'line\nbreak'"), "a string that begins here does not end; close it with '");
  EXPECT_EQ(ProblemOf("a = 1"), "unexpected `=`; a comparison is written ==");
  EXPECT_EQ(ProblemOf("a & b"), "unexpected `&`; a logical operator is written &&");
  EXPECT_EQ(ProblemOf("12abc"), "a number runs into a name; put an operator between");
  EXPECT_EQ(ProblemOf("a.`x"),
            "a name in back-quotes holds letters, digits, _ . - / and spaces, and ends with `");
}

}  // namespace
}  // namespace portolan::reconciler::cel
