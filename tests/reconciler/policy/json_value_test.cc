#include "reconciler/policy/json_value.h"

#include <gtest/gtest.h>

#include "reconciler/policy/cel/text.h"

namespace portolan::reconciler {
namespace {

std::string TextOf(std::string_view json) {
  cel::Arena arena;
  return cel::TextOf(ValueFromJson(json, arena), 1000);
}

TEST(JsonValue, ReadsWhatCanonicalJsonWrites) {
  EXPECT_EQ(TextOf("null"), "null");
  EXPECT_EQ(TextOf("true"), "true");
  EXPECT_EQ(TextOf("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(TextOf("1e+21"), "1e+21");
  EXPECT_EQ(TextOf("0.5"), "0.5");
  EXPECT_EQ(TextOf(R"("a\"b\u0001é")"), R"('a"b\x01é')");
  EXPECT_EQ(TextOf(R"({"a":[1,{"b":[]}],"c":{}})"), "{'a': [1, {'b': []}], 'c': {}}");
}

TEST(JsonValue, MakesAnErrorOfBytesThatAreNoJson) {
  for (const char* bad : {"", "{", "[1,", "nul", "1 2", "\"a", "{\"a\":1,\"a\":2}",
                          "9223372036854775808", "\"a\\", "{1:2}"}) {
    cel::Arena arena;
    EXPECT_TRUE(ValueFromJson(bad, arena).failed()) << bad;
  }
  cel::Arena arena;
  EXPECT_TRUE(ValueFromJson(std::string(100, '['), arena).failed());
}

TEST(JsonValue, BorrowsPlainTextsAndNeedsNoMemoryForScalars) {
  const std::string json = R"("text")";
  cel::Arena arena;
  EXPECT_EQ(ValueFromJson(json, arena).AsText().data(), json.data() + 1);
  ValueFromJson("12", arena);
  EXPECT_EQ(arena.bytes(), 0u);
}

TEST(JsonValue, TurnsMembersOfTheTimeKeyIntoTimestamps) {
  const auto tree =
      manifests::ParseJson(R"({"at":"2026-07-20T10:00:00Z","on":"2026-07-20T10:00:00Z"})").value();
  cel::Arena arena;
  EXPECT_EQ(cel::TextOf(ValueFromTree(tree, arena, "at"), 1000),
            "{'at': timestamp('2026-07-20T10:00:00Z'), 'on': '2026-07-20T10:00:00Z'}");
}

TEST(JsonValue, BuildsObjectsInTheOrderOfKeys) {
  cel::Arena arena;
  ObjectBuilder builder(arena);
  builder.Add("b", cel::Value::Int(1)).Add("a", "x");
  EXPECT_EQ(cel::TextOf(builder.Finish(), 1000), "{'a': 'x', 'b': 1}");
}

}  // namespace
}  // namespace portolan::reconciler
