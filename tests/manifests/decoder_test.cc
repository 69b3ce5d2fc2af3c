#include "manifests/decoder.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

TEST(FieldPath, QuotesWhatIsNoWordAndNumbersItems) {
  const FieldPath root;
  const FieldPath spec = root.Member("spec");
  const FieldPath entries = spec.Member("entries");
  const FieldPath key = entries.Member("api/login");
  EXPECT_EQ(root.ToString(), "");
  EXPECT_EQ(key.ToString(), "spec.entries.\"api/login\"");
  EXPECT_EQ(key.Item(2).ToString(), "spec.entries.\"api/login\"[2]");
}

TEST(MappingDecoder, ReportsMembersThatNobodyTook) {
  Decoding d("strateg: 1\nname: x\nzzzzzz: 2\n");
  MappingDecoder decoder(d.field(), d.report);
  EXPECT_TRUE(decoder.Take("name"));
  EXPECT_FALSE(decoder.Take("strategy"));
  decoder.Finish();
  EXPECT_EQ(d.Text(),
            "t.yaml:1:1: unknown field \"strateg\"; did you mean \"strategy\"?\n"
            "t.yaml:3:1: unknown field \"zzzzzz\"\n");
}

TEST(MappingDecoder, ReportsWhatIsRequiredAndAbsent) {
  Decoding d("a: {b: 1}\n");
  MappingDecoder outer(d.field(), d.report);
  MappingDecoder inner(outer.Take("a"), d.report);
  EXPECT_FALSE(inner.Require("name"));
  EXPECT_EQ(d.Text(), "t.yaml:1:4: a: missing required field \"name\"\n");
}

TEST(MappingDecoder, ReportsAScalarOnceAndThenReadsAsEmpty) {
  Decoding d("text\n");
  MappingDecoder decoder(d.field(), d.report);
  EXPECT_FALSE(decoder.Require("name"));
  decoder.Finish();
  EXPECT_EQ(d.Text(), "t.yaml:1:1: expected an object, found \"text\"\n");
}

TEST(MappingDecoder, RefusesFieldsOfLaterVersionsAndNeverSuggestsThem) {
  Decoding d("shadow: {}\nshadov: {}\n");
  MappingDecoder decoder(d.field(), d.report);
  decoder.RefuseForNow({"shadow"});
  decoder.Finish();
  EXPECT_EQ(d.Text(),
            "t.yaml:1:9: shadow: not supported yet by this version of Portolan\n"
            "t.yaml:2:1: unknown field \"shadov\"\n");
}

TEST(Report, CountsWhatItDoesNotKeep) {
  Report report("t.yaml");
  for (std::size_t i = 0; i < kReportMax + 5; ++i) report.Add(ErrorAt("t.yaml", {1, 1}, "wrong"));
  EXPECT_EQ(report.size(), kReportMax + 5);
  const auto diagnostics = report.Take();
  EXPECT_EQ(diagnostics.size(), kReportMax + 1);
  EXPECT_EQ(diagnostics.back().message, "and 5 more errors in this file");
}

TEST(Found, QuotesStringsAndNothingElse) {
  Decoding d("[20/s, 5, \"5\", true, [], {}, ]\n");
  std::string text;
  for (const Node& item : d.root.items) text += Found(item) + " ";
  EXPECT_EQ(text, "\"20/s\" 5 \"5\" true a list an object ");
}

}  // namespace
}  // namespace portolan::manifests
