#include "manifests/entries.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::string EntryErrors(const std::string& yaml, const EntryRules& rules = {}) {
  Decoding d(yaml);
  CheckEntries(d.field(), rules, d.report);
  return d.Text();
}

EntryRules WithSchema(const std::string& schema) {
  Decoding d(schema);
  EntryRules rules;
  rules.schema = Schema::Compile(d.field(), d.report);
  return rules;
}

TEST(AddSensitive, AddsTheGlobsThatAreNotAmongThem) {
  std::vector<std::string> globs = {"a", "b"};
  AddSensitive(globs, {"b", "c"});
  EXPECT_EQ(globs, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Entries, AreCanonicalWithTheirPlaces) {
  Decoding d("b: {y: 1, x: 2.0}\na: text\n");
  const auto entries = CheckEntries(d.field(), {}, d.report);
  ASSERT_EQ(entries.size(), 2u) << d.Text();
  EXPECT_EQ(entries[0].key, "b");
  EXPECT_EQ(entries[0].value, R"({"x":2,"y":1})");
  EXPECT_EQ(entries[1].value, "\"text\"");
  EXPECT_EQ(entries[1].position.line, 2);
}

TEST(Entries, RefuseNull) {
  EXPECT_NE(EntryErrors("a:\n").find("expected a value, found null"), std::string::npos);
  EXPECT_EQ(EntryErrors("a: {b: null}\n"), "");
}

TEST(Entries, ExemptSecretReferencesFromTheSchema) {
  const EntryRules rules = WithSchema("{type: integer}");
  EXPECT_EQ(EntryErrors("a: {secretRef: edge-token}\n", rules), "");
  EXPECT_NE(EntryErrors("a: {secretRef: edge-token, b: 1}\n", rules), "");
  EXPECT_NE(EntryErrors("a: {secretRef: 1}\n", rules), "");
  EXPECT_NE(EntryErrors("a: {secretRef: \"\"}\n", rules), "");
}

TEST(Entries, KeepToTheLimitsOfKeysAndValues) {
  EXPECT_EQ(EntryErrors("\"" + std::string(512, 'k') + "\": 1\n"), "");
  EXPECT_NE(EntryErrors("\"" + std::string(513, 'k') + "\": 1\n").find("1 to 512 bytes"),
            std::string::npos);
  EXPECT_NE(EntryErrors("\"\": 1\n").find("1 to 512 bytes"), std::string::npos);
  EXPECT_NE(EntryErrors("\"a\\tb\": 1\n").find("control characters"), std::string::npos);
  EXPECT_NE(EntryErrors("\"a\\x85b\": 1\n").find("control characters"), std::string::npos);
  EXPECT_EQ(EntryErrors("a: " + std::string(65'533, 'v') + "\n"), "");
  EXPECT_NE(EntryErrors("a: " + std::string(65'534, 'v') + "\n").find("at most 65535 bytes"),
            std::string::npos);
}

TEST(Entries, KeepToTheKeySchema) {
  Decoding d("{pattern: \"^[a-z]+$\"}");
  MappingDecoder decoder(d.field(), d.report);
  EntryRules rules;
  rules.keys.Read(decoder, false, d.report);
  EXPECT_EQ(EntryErrors("abc: 1\n", rules), "");
  EXPECT_NE(EntryErrors("ABC: 1\n", rules).find("the key breaks keySchema"), std::string::npos);
}

TEST(Entries, DoNotRepeatSensitiveValues) {
  EntryRules rules = WithSchema("{type: integer}");
  rules.sensitive = {"token/*"};
  for (const std::string text : {"token/a: hunter2\n", "token/a: 0123777\n"}) {
    const std::string errors = EntryErrors(text, rules);
    EXPECT_NE(errors, "") << text;
    EXPECT_EQ(errors.find("hunter2"), std::string::npos) << errors;
    EXPECT_EQ(errors.find("0123777"), std::string::npos) << errors;
  }
}

}  // namespace
}  // namespace portolan::manifests
