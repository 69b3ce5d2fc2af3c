#include <gtest/gtest.h>

#include "manifests/fields.h"
#include "manifests/schema.h"
#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

// What the schema says about the value; empty: accepted.
std::string Check(const std::string& schema, const std::string& value, bool mask = false) {
  Decoding s(schema);
  const auto compiled = Schema::Compile(s.field(), s.report);
  if (compiled == nullptr) return "bad schema: " + s.Text();
  Decoding v(value);
  const auto typed = ReadValue(v.field(), v.report);
  if (!typed) return "bad value: " + v.Text();
  compiled->Check(v.field(), *typed, {.mask = mask}, v.report);
  return v.Text();
}

struct Case {
  const char* schema;
  const char* accepted;  // a YAML list of values
  const char* refused;
};

TEST(SchemaCheck, AcceptsAndRefusesByKeyword) {
  const Case cases[] = {
      {"{type: integer}", "[1, -1, 5.0]", "[1.5, \"1\", true, null, [], {}]"},
      {"{type: number}", "[1, 1.5]", "[\"1\", true]"},
      {"{type: [integer, number]}", "[1, 1.5]", "[a]"},
      {"{type: boolean}", "[true, false]", "[0, \"true\"]"},
      {"{type: \"null\"}", "[null]", "[0, \"\"]"},
      {"{type: [string, \"null\"]}", "[a, null]", "[1]"},
      {"{minimum: 1, maximum: 3}", "[1, 3, 1.5, text]", "[0, 4, 0.999]"},
      {"{exclusiveMinimum: 1, exclusiveMaximum: 3}", "[2, 1.001]", "[1, 3]"},
      {"{maximum: 9007199254740993}", "[9007199254740993]", "[9007199254740994]"},
      {"{multipleOf: 3}", "[3, 0, -6, 9.0]", "[4, 3.5]"},
      {"{minLength: 2, maxLength: 3}", "[ab, \"éé\", \"日本語\"]", "[a, abcd, \"é\"]"},
      {"{pattern: \"b+\"}", "[abc]", "[ac]"},
      {"{pattern: \"^(a+)+$\"}", "[aaa]", "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab]"},
      {"{enum: [a, 1, {x: [1]}]}", "[a, 1, 1.0, {x: [1]}]", "[b, 2, {x: [2]}, \"1\"]"},
      {"{const: 5}", "[5]", "[6]"},
      {"{format: uri}", "[\"https://example.com/a?b=c\"]", "[example, \"a b:c\", \":x\"]"},
      {"{format: date-time}", "[\"2026-11-21T01:30:00Z\", \"2026-11-21T01:30:00.5+02:00\"]",
       "[\"2026-02-30T01:30:00Z\", \"2026-11-21\", \"2026-11-21T01:30:00\", "
       "\"2026-11-21T25:30:00Z\"]"},
      {"{items: {type: integer}, minItems: 1, maxItems: 2}", "[[1], [1, 2]]",
       "[[], [1, 2, 3], [a]]"},
      {"{minProperties: 1, maxProperties: 1}", "[{a: 1}]", "[{}, {a: 1, b: 2}]"},
      {"{additionalProperties: {type: integer}}", "[{a: 1}]", "[{a: b}]"},
      {"{properties: {a: {type: integer}}, additionalProperties: false}", "[{a: 1}, {}]",
       "[{b: 1}, {a: x}]"},
      {"{required: [a]}", "[{a: 1}, {a: null}]", "[{b: 1}]"},
  };
  for (const Case& c : cases) {
    for (const auto& [values, accepted] :
         {std::pair(c.accepted, true), std::pair(c.refused, false)}) {
      const Decoding list(values);
      for (std::size_t i = 0; i < list.root.items.size(); ++i) {
        Decoding s(c.schema);
        const auto schema = Schema::Compile(s.field(), s.report);
        ASSERT_NE(schema, nullptr) << c.schema << s.Text();
        Report report("t.yaml");
        const Field field = list.field().Item(i);
        const auto value = ReadValue(field, report);
        ASSERT_TRUE(value.has_value()) << values;
        schema->Check(field, *value, {}, report);
        EXPECT_EQ(report.clean(), accepted) << c.schema << " and " << CanonicalJson(*value);
      }
    }
  }
}

TEST(SchemaCheck, SaysWhatWasExpectedAndFound) {
  EXPECT_EQ(Check("{type: integer, minimum: 1, maximum: 9}", "20/s"),
            "t.yaml:1:1: expected an integer from 1 to 9, found \"20/s\"\n");
  EXPECT_EQ(Check("{type: integer, minimum: 1}", "0"),
            "t.yaml:1:1: expected an integer of at least 1, found 0\n");
  EXPECT_EQ(
      Check("{type: [string, boolean], maxLength: 1}", "[]"),
      "t.yaml:1:1: expected true or false or a string of at most 1 character, found a list\n");
  EXPECT_EQ(Check("{enum: [a, b]}", "c"),
            "t.yaml:1:1: expected one of \"a\", \"b\", found \"c\"\n");
  EXPECT_EQ(Check("{pattern: ^a}", "c"),
            "t.yaml:1:1: expected a string that matches \"^a\", found \"c\"\n");
}

TEST(SchemaCheck, ReportsEveryFaultWithItsPlace) {
  EXPECT_EQ(Check("{properties: {rps: {type: integer}, scope: {type: string}}, required: [id], "
                  "additionalProperties: {type: boolean}}",
                  "rps: x\nscope: 1\nother: 2\n"),
            "t.yaml:1:1: missing required field \"id\"\n"
            "t.yaml:1:6: rps: expected an integer, found \"x\"\n"
            "t.yaml:2:8: scope: expected a string, found 1\n"
            "t.yaml:3:8: other: expected true or false, found 2\n");
}

TEST(SchemaCheck, SuggestsTheFieldThatWasMeant) {
  EXPECT_EQ(Check("{properties: {burst: {}}, additionalProperties: false}", "{brust: 1}"),
            "t.yaml:1:2: unknown field \"brust\"; did you mean \"burst\"?\n");
}

TEST(SchemaCheck, DoesNotRepeatSensitiveValues) {
  const std::string text =
      Check("{type: object, properties: {a: {type: integer}}}", "{a: s3cret}", true);
  EXPECT_EQ(text, "t.yaml:1:5: a: expected an integer, found a sensitive value\n");
}

}  // namespace
}  // namespace portolan::manifests
