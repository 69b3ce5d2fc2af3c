#include "manifests/json_pointer.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

std::string At(const Value& document, std::string_view text) {
  const auto pointer = ParseJsonPointer(text);
  if (!pointer.ok()) return "invalid";
  const auto value = ResolveJsonPointer(document, *pointer);
  return value.ok() ? CanonicalJson(**value) : "none";
}

// The examples of RFC 6901, section 5.
TEST(JsonPointer, FindsWhatTheExamplesOfTheStandardFind) {
  const Value document = *ParseJson(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})");
  EXPECT_EQ(At(document, ""), CanonicalJson(document));
  EXPECT_EQ(At(document, "/foo"), R"(["bar","baz"])");
  EXPECT_EQ(At(document, "/foo/0"), R"("bar")");
  EXPECT_EQ(At(document, "/"), "0");
  EXPECT_EQ(At(document, "/a~1b"), "1");
  EXPECT_EQ(At(document, "/c%d"), "2");
  EXPECT_EQ(At(document, "/e^f"), "3");
  EXPECT_EQ(At(document, "/g|h"), "4");
  EXPECT_EQ(At(document, "/i\\j"), "5");
  EXPECT_EQ(At(document, "/k\"l"), "6");
  EXPECT_EQ(At(document, "/ "), "7");
  EXPECT_EQ(At(document, "/m~0n"), "8");
}

TEST(JsonPointer, UnescapesTheTildeLast) {
  EXPECT_EQ(At(*ParseJson(R"({"~1":true})"), "/~01"), "true");
}

TEST(JsonPointer, RefusesWhatIsNoPointer) {
  for (const char* text : {"data", "/a~", "/a~2", "#/a"})
    EXPECT_EQ(ParseJsonPointer(text).error().code, ErrorCode::kInvalid) << text;
}

TEST(JsonPointer, SaysHowFarTheDocumentGoes) {
  const Value document = *ParseJson(R"({"data":{"p95":[1,2]},"n":3})");
  const auto missing = [&](std::string_view text) {
    const auto found = ResolveJsonPointer(document, *ParseJsonPointer(text));
    return found.ok() ? "found" : found.error().message;
  };
  EXPECT_EQ(missing("/data/p99"), "no \"p99\" in the object at \"/data\"");
  EXPECT_EQ(missing("/data/p95/2"), "no \"2\" in the array at \"/data/p95\"");
  EXPECT_EQ(missing("/data/p95/-"), "no \"-\" in the array at \"/data/p95\"");
  EXPECT_EQ(missing("/data/p95/01"), "no \"01\" in the array at \"/data/p95\"");
  EXPECT_EQ(missing("/n/x"), "no \"x\" in the integer at \"/n\"");
}

}  // namespace
}  // namespace portolan::manifests
