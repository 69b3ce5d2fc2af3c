#include "manifests/scalar.h"

#include <gtest/gtest.h>

#include <string>

#include "manifests/json_reader.h"
#include "manifests/yaml_reader.h"

namespace portolan::manifests {
namespace {

Value Plain(std::string_view text) {
  const auto typed = TypeScalar(text, false);
  if (const auto* problem = std::get_if<ScalarProblem>(&typed)) {
    ADD_FAILURE() << text << ": " << problem->message;
    return {};
  }
  return std::get<Value>(typed);
}

// "message; hint", or the value that was accepted.
std::string Refusal(std::string_view text) {
  const auto typed = TypeScalar(text, false);
  const auto* problem = std::get_if<ScalarProblem>(&typed);
  return problem != nullptr ? problem->message + "; " + problem->hint
                            : "accepted " + WriteJson(std::get<Value>(typed));
}

TEST(TypeScalar, FollowsTheCoreSchema) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_EQ(Plain(text), Value());
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_EQ(Plain(text), Value(true));
  for (const char* text : {"false", "False", "FALSE"}) EXPECT_EQ(Plain(text), Value(false));
  EXPECT_EQ(Plain("0"), Value(0));
  EXPECT_EQ(Plain("-0"), Value(0));
  EXPECT_EQ(Plain("+12"), Value(12));
  EXPECT_EQ(Plain("-9223372036854775808"), Value(std::int64_t{INT64_MIN}));
  EXPECT_EQ(Plain("9007199254740993"), Value(std::int64_t{9007199254740993}));
  EXPECT_EQ(Plain("0o17"), Value(15));
  EXPECT_EQ(Plain("0x1F"), Value(31));
  EXPECT_EQ(Plain("1.0"), Value(1.0));
  EXPECT_EQ(Plain("+.5"), Value(0.5));
  EXPECT_EQ(Plain("-1."), Value(-1.0));
  EXPECT_EQ(Plain("1e3"), Value(1000.0));
  EXPECT_EQ(Plain("12.5E-2"), Value(0.125));
}

TEST(TypeScalar, LeavesOtherTextsStrings) {
  for (const char* text :
       {"nUll",    "tRue", "1_000", "1:30", "2026-11-21", "1.2.3", "+",   "-",   ".", "e5",
        "1e",      "1e+",  "0x",    "0xG",  "0o8",        "-0x1",  "nan", "inf", "y", "n",
        "007bond", "noon", "10s",   "5%",   " 1",         "1 ",    "--1", "+-1"})
    EXPECT_EQ(Plain(text), Value(text));
}

TEST(TypeScalar, TakesQuotedTextsAsStrings) {
  for (const char* text : {"no", "017", "1", "", "null", ".inf", "99999999999999999999"})
    EXPECT_EQ(std::get<Value>(TypeScalar(text, true)), Value(text));
}

TEST(TypeScalar, RefusesOldBooleansInAnyCase) {
  EXPECT_EQ(Refusal("no"), "expected true or false, found no; quote it if it is a text: \"no\"");
  for (const char* text : {"yes", "Yes", "YES", "No", "nO", "on", "ON", "off", "Off", "OFF"})
    EXPECT_NE(Refusal(text).find("expected true or false"), std::string::npos) << text;
}

TEST(TypeScalar, RefusesLeadingZeros) {
  for (const char* text : {"017", "-017", "+00", "00.5", "089", "01e3"})
    EXPECT_NE(Refusal(text).find("without leading zeros"), std::string::npos) << text;
}

TEST(TypeScalar, RefusesNumbersThatAreNotFinite) {
  for (const char* text : {".inf", "-.inf", "+.INF", ".Inf", ".nan", ".NaN"})
    EXPECT_NE(Refusal(text).find("expected a finite number"), std::string::npos) << text;
}

TEST(TypeScalar, RefusesNumbersThatWouldChange) {
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "12345678901234567890123",
                           "0xFFFFFFFFFFFFFFFF", "0o7777777777777777777777"})
    EXPECT_NE(Refusal(text).find("expected an integer within 64 bits"), std::string::npos) << text;
  for (const char* text : {"1e400", "-1e400", "1e-400"})
    EXPECT_NE(Refusal(text).find("within the range of a double"), std::string::npos) << text;
  EXPECT_NE(Refusal("0.123456789012345678").find("at most 17 significant digits"),
            std::string::npos);
  EXPECT_EQ(Plain("0.00012345678901234567"), Value(0.00012345678901234567));
  EXPECT_EQ(Plain("1.50000000000000000000"), Value(1.5));
}

TEST(ValueFromNode, TypesATreeWithStringKeys) {
  const auto read = ReadYaml("no: [1, '1', {x: ~}]\n017: true\n", "a.yaml");
  std::vector<Diagnostic> diagnostics;
  const auto value = ValueFromNode(read.documents.at(0).root, {"a.yaml", ""}, &diagnostics);
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(WriteJson(*value), R"({"no":[1,"1",{"x":null}],"017":true})");
  EXPECT_TRUE(diagnostics.empty());
}

TEST(ValueFromNode, CollectsAllProblemsWithPlaceAndField) {
  const auto read = ReadYaml("a: {on: yes}\nb: [1, 017]\n", "a.yaml");
  std::vector<Diagnostic> diagnostics;
  EXPECT_FALSE(
      ValueFromNode(read.documents.at(0).root, {"a.yaml", "spec.attributes"}, &diagnostics));
  EXPECT_EQ(FormatDiagnostics(diagnostics),
            "a.yaml:1:9: spec.attributes.a.on: expected true or false, found yes; "
            "quote it if it is a text: \"yes\"\n"
            "a.yaml:2:8: spec.attributes.b[1]: expected a number without leading zeros, found 017; "
            "quote it if it is a text: \"017\"\n");
}

TEST(ValueFromNode, ReadsJsonTreesAsParseJsonDoes) {
  const std::string text =
      R"({"a":[0,-0,-12,1.5,1E5,0.1e-7,9223372036854775807],"b":{"c":"no","d":null,"e":false}})";
  const auto read = ReadJsonNode(text, "a.json");
  std::vector<Diagnostic> diagnostics;
  const auto value = ValueFromNode(read.documents.at(0).root, {"a.json", ""}, &diagnostics);
  ASSERT_TRUE(value.has_value()) << FormatDiagnostics(diagnostics);
  EXPECT_EQ(*value, *ParseJson(text));
}

}  // namespace
}  // namespace portolan::manifests
