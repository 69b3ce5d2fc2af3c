#include "reconciler/analysis/shadow_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace portolan::reconciler {
namespace {

ShadowEvidence Full() {
  ShadowEvidence evidence;
  const Now now{WallTime(std::chrono::hours(1'000)), std::chrono::hours(1)};
  mapcore::DualRun::Counts counts;
  counts.compared = 100;
  counts.differing = 7;
  counts.lost = 2;
  counts.elsewhere = 3;
  counts.keys = {{"a", 4, 2}};
  CountLookups(evidence, counts, now);
  OutputReport report{"client", 9, "models", {}, {}};
  for (int i = 0; i < 3; ++i) {
    OutputItem& item = report.items.emplace_back();
    item.key = i == 1 ? "b" : "c";
    item.subject = static_cast<std::uint64_t>(i + 1) << 56;
    item.agrees = i == 0;
    item.failed = i == 2;
    item.planned = i == 1;
    item.distance = i == 2 ? std::numeric_limits<double>::infinity() : 0.5;
    item.stable = "[1]";
    item.canary = "[2]";
  }
  Soak(evidence, kShadowWindow + Duration(5));
  CountOutputs(evidence, report, now);
  return evidence;
}

TEST(ShadowRecord, SurvivesTheRoundTrip) {
  const manifests::Value stored = ShadowEvidenceToValue(Full());
  const auto back =
      ShadowEvidenceFromValue(*manifests::ParseJson(manifests::CanonicalJson(stored)));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(manifests::CanonicalJson(ShadowEvidenceToValue(*back)),
            manifests::CanonicalJson(stored));
  EXPECT_EQ(back->lookups, 100);
  EXPECT_EQ(back->lost, 2);
  EXPECT_EQ(back->elsewhere, 3);
  EXPECT_EQ(back->outputs.Subjects(), 3);
  EXPECT_EQ(back->outputs.BadSubjects(), 2);
  EXPECT_EQ(back->outputs.failed, 1);
  EXPECT_EQ(back->window.compared, 3);
  EXPECT_EQ(back->windows, 1);
  EXPECT_EQ(back->soaked, kShadowWindow + Duration(5));
  EXPECT_EQ(back->reporters.at("client"), 9u);
  EXPECT_EQ(back->keys.at("b").distance, 0.5);
  EXPECT_TRUE(back->keys.at("b").planned);
  EXPECT_TRUE(std::isinf(back->keys.at("c").distance)) << "JSON has no infinity";
  EXPECT_EQ(back->last_output, Full().last_output);
  EXPECT_FALSE(back->last_output_mono.has_value()) << "a restart must see comparisons flow anew";
}

TEST(ShadowRecord, AnEmptyRecordIsNoEvidence) {
  const auto back = ShadowEvidenceFromValue(manifests::Value(manifests::Value::Object{}));
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(back->empty());
}

TEST(ShadowRecord, WhatWasNotWrittenIsCorrupt) {
  for (const char* text : {R"({"lookups":"x"})", R"({"outputs":{"seen":"!"}})",
                           R"({"keys":{"a":{"lost":"x"}}})", R"({"lastOutputAt":"then"})"})
    EXPECT_EQ(ShadowEvidenceFromValue(*manifests::ParseJson(text)).error().code,
              ErrorCode::kCorrupt)
        << text;
}

}  // namespace
}  // namespace portolan::reconciler
