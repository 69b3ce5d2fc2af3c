#include "manifests/json_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "manifests/value.h"

namespace portolan::manifests {
namespace {

using namespace std::string_literals;

std::string Complaints(const std::string& text, const ReadLimits& limits = {}) {
  return FormatDiagnostics(ReadJsonNode(text, "a.json", limits).AllDiagnostics());
}

std::string Place(Position position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

std::string ParseFailure(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = ParseJson(text, limits);
  return parsed.ok() ? "accepted " + WriteJson(*parsed) : parsed.error().message;
}

TEST(ReadJsonNode, GivesEveryKeyAndValueItsPlace) {
  const ReadResult result =
      ReadJsonNode("{\n  \"ü\": 12,\"b\" :\t[ -1.5e3 ,true,\"日\", null,{}]\n}", "a.json");
  ASSERT_TRUE(result.ok()) << FormatDiagnostics(result.AllDiagnostics());
  const Node& root = result.documents.at(0).root;
  EXPECT_EQ(Place(root.position), "1:1");
  ASSERT_EQ(root.members.size(), 2u);
  EXPECT_EQ(Place(root.members[0].position), "2:3");
  EXPECT_EQ(Place(root.members[0].value.position), "2:8");
  EXPECT_EQ(Place(root.members[1].position), "2:11");
  const Node& list = root.members[1].value;
  EXPECT_EQ(Place(list.position), "2:17");
  ASSERT_EQ(list.items.size(), 5u);
  EXPECT_EQ(Place(list.items[0].position), "2:19");
  EXPECT_EQ(Place(list.items[1].position), "2:27");
  EXPECT_EQ(Place(list.items[2].position), "2:32");
  EXPECT_EQ(Place(list.items[3].position), "2:37");
  EXPECT_EQ(Place(list.items[4].position), "2:42");
}

TEST(ReadJsonNode, KeepsTheTextOfPlainScalarsAndQuotesStrings) {
  const ReadResult result =
      ReadJsonNode(R"(["no", 1.50, -0, 1E5, true, null, "a\u0000\n"])", "a.json");
  const Node& root = result.documents.at(0).root;
  std::vector<std::pair<std::string, bool>> found;
  for (const Node& item : root.items) found.emplace_back(item.text, item.quoted);
  EXPECT_EQ(found, (std::vector<std::pair<std::string, bool>>{{"no", true},
                                                              {"1.50", false},
                                                              {"-0", false},
                                                              {"1E5", false},
                                                              {"true", false},
                                                              {"null", false},
                                                              {"a\0\n"s, true}}));
}

TEST(ReadJsonNode, ReadsAScalarThatEndsTheText) {
  EXPECT_EQ(ReadJsonNode("12", "a.json").documents.at(0).root.text, "12");
  EXPECT_EQ(ReadJsonNode("\xEF\xBB\xBF 7 ", "a.json").documents.at(0).root.text, "7");
}

TEST(ReadJsonNode, RefusesDuplicateKeysNamingBothPlacesAndReadsOn) {
  EXPECT_EQ(Complaints("{\"a\": {\"x\":1,\n\"x\":2},\"a\":3}"),
            "a.json:2:1: a: duplicate key \"x\", first at 1:8; keep one of them\n"
            "a.json:2:8: duplicate key \"a\", first at 1:2; keep one of them\n");
}

TEST(ReadJsonNode, LimitsDepthNodesScalarsAndBytes) {
  EXPECT_NE(Complaints(std::string(33, '[')).find("a.json:1:33: nested too deep"),
            std::string::npos);
  ReadLimits limits;
  limits.nodes = 2;
  limits.scalar_bytes = 3;
  EXPECT_NE(Complaints("[1, 2]", limits).find("a.json:1:5: too many nodes"), std::string::npos);
  EXPECT_NE(Complaints("[\"abcd\"]", limits).find("a.json:1:2: [0]: expected at most 3 bytes"),
            std::string::npos);
  limits.bytes = 2;
  EXPECT_EQ(Complaints("[1]", limits), "a.json: the text has 3 bytes, at most 2 are read\n");
}

TEST(ParseJson, ReadsEveryKind) {
  const auto parsed =
      ParseJson(R"({"n":null,"b":true,"i":-9223372036854775808,"d":1.5,"s":"\u00fc","a":[1,[]]})");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, Value(Value::Object{{"n", Value()},
                                         {"b", true},
                                         {"i", Value(std::int64_t{INT64_MIN})},
                                         {"d", 1.5},
                                         {"s", "ü"},
                                         {"a", Value::Array{1, Value::Array{}}}}));
}

TEST(ParseJson, KeepsIntegersExactAndDoublesApart) {
  EXPECT_EQ(ParseJson("9223372036854775807")->as_int(), INT64_MAX);
  EXPECT_EQ(ParseJson("9007199254740993")->as_int(), 9007199254740993);
  EXPECT_TRUE(ParseJson("1.0")->is_double());
  EXPECT_TRUE(ParseJson("1e2")->is_double());
}

TEST(ParseJson, RefusesNumbersThatWouldChange) {
  EXPECT_EQ(ParseFailure("[1,\n 9223372036854775808]"),
            "2:2: expected an integer within 64 bits, found \"9223372036854775808\"");
  EXPECT_NE(ParseFailure("-9223372036854775809").find("within 64 bits"), std::string::npos);
  EXPECT_NE(ParseFailure("123456789012345678901234567890").find("within 64 bits"),
            std::string::npos);
  EXPECT_EQ(ParseFailure("{\"a\": 1e400}"), "1:7: expected a finite number, found 1e400");
}

TEST(ParseJson, RefusesWhatRfc8259DoesNotAllow) {
  for (const std::string text :
       {"",         " ",           "{",       "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "NaN",
        "Infinity", "01",          "+1",      ".5",   "1.",         "0x10",  "tru", "\"\\x\"",
        "\"\t\"",   "\"\\ud800\"", "// c\n1", "1 2",  "[1] x",      "\"a"})
    EXPECT_FALSE(ParseJson(text).ok()) << text;
  EXPECT_FALSE(ParseJson("1\0garbage"s).ok()) << "nlohmann takes NUL for the end of the text";
  EXPECT_FALSE(ParseJson("\xEF\xBB\xBF\xEF\xBB\xBF"
                         "1")
                   .ok());
  EXPECT_TRUE(ParseJson("\xEF\xBB\xBF"
                        "1")
                  .ok());
}

TEST(ParseJson, SaysWhereAndWhat) {
  EXPECT_EQ(ParseFailure("{\"a\":1,\n \"a\":2}"), "2:2: duplicate key \"a\"");
  EXPECT_EQ(ParseFailure("[1,,2]").substr(0, 5), "1:4: ");
  EXPECT_EQ(ParseFailure("{\"a\" 1}").substr(0, 5), "1:6: ");
  EXPECT_EQ(ParseFailure("{,}").substr(0, 5), "1:2: ");
  EXPECT_EQ(ParseFailure("1,2").substr(0, 5), "1:2: ");
  EXPECT_EQ(ParseFailure("[\n\"\xC3\"]"),
            "2:2: expected UTF-8, found the byte 0xC3; save the file as UTF-8");
  EXPECT_EQ(ParseFailure("[1"),
            "1:3: syntax error while parsing array - unexpected end of input; expected ']'");
}

TEST(ParseJson, KeepsMessagesShort) {
  EXPECT_LT(ParseFailure("\"" + std::string(100'000, 'x')).size(), 300u);
}

TEST(ParseJson, LimitsDepthAndBytes) {
  const std::string deepest = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(ParseJson(deepest).ok());
  EXPECT_EQ(ParseFailure("[" + deepest + "]"), "1:65: nested too deep: at most 64 levels");
  EXPECT_FALSE(ParseJson(std::string(500'000, '[')).ok());
  EXPECT_FALSE(ParseJson("[1,2]", {64, 4}).ok());
  EXPECT_TRUE(ParseJson("[1,2]", {64, 5}).ok());
}

}  // namespace
}  // namespace portolan::manifests
