#include "manifests/schema.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::string CompileErrors(const std::string& schema) {
  Decoding d(schema);
  const auto compiled = Schema::Compile(d.field(), d.report);
  const bool clean = d.report.clean();
  EXPECT_EQ(compiled != nullptr, clean) << schema;
  return d.Text();
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Schema, SuggestsTheKeywordThatWasMeant) {
  EXPECT_EQ(CompileErrors("{type: integer, minimun: 1}"),
            "t.yaml:1:17: unknown field \"minimun\"; did you mean \"minimum\"?\n");
  EXPECT_EQ(CompileErrors("{type: sting}"),
            "t.yaml:1:8: type: expected \"null\", \"boolean\", \"integer\", \"number\", "
            "\"string\", \"array\" or "
            "\"object\", found \"sting\"; did you mean \"string\"?\n");
}

TEST(Schema, RefusesKeywordsOutsideTheSubset) {
  for (const std::string keyword : {"$ref: x", "anyOf: []", "patternProperties: {}",
                                    "uniqueItems: true", "default: 1", "if: {}"})
    EXPECT_TRUE(Contains(CompileErrors("{" + keyword + "}"), "not part of the supported subset"))
        << keyword;
}

TEST(Schema, RefusesKeywordsThatCannotApply) {
  EXPECT_TRUE(
      Contains(CompileErrors("{type: string, minimum: 1}"), "minimum: does not apply to a string"));
  EXPECT_TRUE(Contains(CompileErrors("{type: integer, pattern: x}"), "do not apply to an integer"));
  EXPECT_TRUE(Contains(CompileErrors("{type: string, properties: {}}"), "does not apply"));
  EXPECT_EQ(CompileErrors("{type: [string, integer], minimum: 1, pattern: x}"), "");
}

TEST(Schema, RefusesContradictions) {
  EXPECT_TRUE(Contains(CompileErrors("{minimum: 2, maximum: 1}"), "no number is accepted"));
  EXPECT_TRUE(Contains(CompileErrors("{minLength: 2, maxLength: 1}"), "no string is accepted"));
  EXPECT_TRUE(Contains(CompileErrors("{minItems: 2, maxItems: 1}"), "minItems is above maxItems"));
  EXPECT_TRUE(Contains(CompileErrors("{required: [a], additionalProperties: false}"),
                       "\"a\" is not among the properties"));
  EXPECT_TRUE(Contains(CompileErrors("{enum: [1], const: 1}"), "found both"));
}

TEST(Schema, CompilesTheWholeSubset) {
  EXPECT_EQ(CompileErrors(R"(
type: object
title: t
description: d
required: [a]
minProperties: 1
maxProperties: 9
properties:
  a: {type: [integer, "null"], minimum: 0, exclusiveMaximum: 9.5, multipleOf: 2}
  b: {type: array, minItems: 1, maxItems: 3, items: {enum: [x, 1, null]}}
  c: {type: string, minLength: 1, maxLength: 5, pattern: "^a", format: uri}
additionalProperties: {type: boolean}
)"),
            "");
}

}  // namespace
}  // namespace portolan::manifests
