#include "reconciler/analysis/shadow_evidence.h"

#include <gtest/gtest.h>

#include <random>

#include "reconciler/analysis/evidence.h"

namespace portolan::reconciler {
namespace {

using manifests::Shadow;
using manifests::ShadowRequire;

class ShadowEvidenceTest : public testing::Test {
 protected:
  // Outputs of as many new subjects, of which so many disagree.
  bool Outputs(std::int64_t count, std::int64_t bad, const std::string& key = "model/a") {
    OutputReport report{"client", ++batch_, "models", {}, {}};
    for (std::int64_t i = 0; i < count; ++i) {
      OutputItem& item = report.items.emplace_back();
      item.key = key;
      item.subject = SubjectHash("subject-" + std::to_string(++subject_));
      item.agrees = i >= bad;
      item.distance = item.agrees ? 0 : 0.25;
    }
    return CountOutputs(evidence, report, now);
  }
  void Lookups(std::int64_t compared, std::int64_t differing) {
    mapcore::DualRun::Counts counts;
    counts.compared = compared;
    counts.differing = differing;
    if (differing > 0) counts.keys = {{"a", differing, 0}};
    CountLookups(evidence, counts, now);
  }
  bool Disagrees(const Shadow& shadow, bool ended = false) const {
    return DisagreementOf(evidence, shadow, ended).has_value();
  }

  ShadowEvidence evidence;
  Now now{WallTime(std::chrono::hours(1'000)), std::chrono::hours(1)};

 private:
  std::uint64_t batch_ = 0;
  std::int64_t subject_ = 0;
};

TEST_F(ShadowEvidenceTest, WithoutALimitTheFirstOutputThatDisagreesDecides) {
  Outputs(10'000, 0);
  EXPECT_FALSE(Disagrees({}));
  EXPECT_FALSE(Disagrees({}, /*ended=*/true));
  Outputs(1, 1);
  const auto why = DisagreementOf(evidence, {}, /*ended=*/false);
  ASSERT_TRUE(why.has_value());
  EXPECT_NE(why->find("model/a (outputs 1, distance 0.25)"), std::string::npos) << *why;
  EXPECT_NE(why->find("at most 0 %"), std::string::npos) << *why;
}

TEST_F(ShadowEvidenceTest, AShareAboveItsLimitDecidesEarlyOnlyWithEvidence) {
  const Shadow shadow{.max_outputs_ratio = 0.1};
  Outputs(10, 3);
  EXPECT_FALSE(Disagrees(shadow)) << "three of ten happen by chance at 10 %";
  EXPECT_TRUE(Disagrees(shadow, /*ended=*/true)) << "at the end the share itself decides";
  Outputs(90, 47);
  EXPECT_TRUE(Disagrees(shadow));
}

TEST_F(ShadowEvidenceTest, OneSubjectIsOneHoweverOftenItIsAsked) {
  Outputs(300, 0);
  OutputReport report{"other", 1, "models", {}, {}};
  report.items.resize(1'000);
  for (OutputItem& item : report.items) item.subject = SubjectHash("always");
  CountOutputs(evidence, report, now);
  EXPECT_EQ(evidence.outputs.disagreeing, 1'000);
  EXPECT_EQ(evidence.outputs.BadSubjects(), 1);
  EXPECT_FALSE(Disagrees({.max_outputs_ratio = 0.01}, /*ended=*/true));
}

TEST_F(ShadowEvidenceTest, WhatGoesWrongLateIsNotDilutedByTheHoursBefore) {
  const Shadow shadow{.max_outputs_ratio = 0.01};
  for (int hour = 0; hour < 20; ++hour) {
    Outputs(1'000, 0);
    Soak(evidence, kShadowWindow);
  }
  Outputs(60, 20);
  EXPECT_LT(evidence.outputs.BadRatio(), 0.01);
  const auto why = DisagreementOf(evidence, shadow, /*ended=*/false);
  ASSERT_TRUE(why.has_value());
  EXPECT_NE(why->find("present hour"), std::string::npos) << *why;
}

// Ville's inequality: at most alpha, however often one looks.
TEST_F(ShadowEvidenceTest, RarelyAccusesAVersionThatIsAtItsLimit) {
  constexpr unsigned kSeed = 7;
  std::mt19937_64 random(kSeed);
  const Shadow shadow{.soak = std::chrono::hours(10), .max_outputs_ratio = 0.05};
  int accused = 0;
  constexpr int kRuns = 100;
  for (int run = 0; run < kRuns; ++run) {
    evidence = {};
    bool wrong = false;
    for (int look = 0; look < 40 && !wrong; ++look) {
      std::binomial_distribution<int> bad(20, 0.05);
      Outputs(20, bad(random));
      Soak(evidence, std::chrono::minutes(15));
      wrong = Disagrees(shadow);
    }
    accused += wrong;
  }
  EXPECT_LE(accused, 3) << "seed " << kSeed;
}

TEST_F(ShadowEvidenceTest, LookupsThatDifferAreCountedAndJudgedByTheirLimitOnly) {
  Lookups(1'000, 900);
  EXPECT_FALSE(Disagrees({}, /*ended=*/true)) << "a plan changes answers on purpose";
  EXPECT_TRUE(Disagrees({.max_lookups_ratio = 0.5}));
  EXPECT_FALSE(Disagrees({.max_lookups_ratio = 0.95}, /*ended=*/true));
}

TEST_F(ShadowEvidenceTest, KeysBeyondTheCapAreCountedTogetherAndSaid) {
  for (int i = 0; i < 150; ++i) Outputs(1, 1, "key-" + std::to_string(i));
  Outputs(5, 5, "key-7");
  EXPECT_EQ(evidence.keys.size(), kShadowKeysMax);
  EXPECT_EQ(evidence.elsewhere, 50);
  EXPECT_EQ(MostDisagreeing(evidence, 2).front(), "key-7");
  const std::string text = DisagreeingKeysText(evidence);
  EXPECT_NE(text.find("key-7 (outputs 6, distance 0.25)"), std::string::npos) << text;
  EXPECT_NE(text.find("and 95 more keys, 50 on keys that are not counted apart"), std::string::npos)
      << text;
}

TEST_F(ShadowEvidenceTest, KeepsTheExampleThatIsFarthestApart) {
  OutputReport report{"client", 1, "models", {}, {}};
  for (const double distance : {0.1, 0.7, 0.3}) {
    OutputItem& item = report.items.emplace_back();
    item.key = "a";
    item.subject = SubjectHash(std::to_string(distance));
    item.distance = distance;
    item.stable = "0";
    item.canary = std::to_string(distance);
  }
  CountOutputs(evidence, report, now);
  EXPECT_EQ(evidence.keys.at("a").distance, 0.7);
  EXPECT_EQ(evidence.keys.at("a").canary, "0.700000");
  EXPECT_EQ(evidence.keys.at("a").subject, HashText(SubjectHash("0.700000")));
}

TEST_F(ShadowEvidenceTest, CountsABatchOnce) {
  OutputReport report{"client", 5, "models", {}, {}};
  report.items.resize(1);
  EXPECT_TRUE(CountOutputs(evidence, report, now));
  EXPECT_FALSE(CountOutputs(evidence, report, now));
  EXPECT_EQ(evidence.outputs.compared, 1);
}

TEST_F(ShadowEvidenceTest, FlowsWhenWhatTheSoakWaitsForComes) {
  constexpr Duration kWindow = std::chrono::seconds(30);
  const Shadow any;
  const Shadow outputs{.require = ShadowRequire::kOutputs};
  EXPECT_FALSE(ComparisonsFlow(evidence, any, now.mono, kWindow));
  Lookups(10, 0);
  EXPECT_TRUE(ComparisonsFlow(evidence, any, now.mono, kWindow));
  EXPECT_FALSE(ComparisonsFlow(evidence, outputs, now.mono, kWindow));
  EXPECT_EQ(ComparisonsOf(evidence, outputs), 0);
  Outputs(2, 0);
  EXPECT_TRUE(ComparisonsFlow(evidence, outputs, now.mono, kWindow));
  EXPECT_EQ(ComparisonsOf(evidence, outputs), 2);
  EXPECT_EQ(ComparisonsOf(evidence, any), 12);
  EXPECT_FALSE(ComparisonsFlow(evidence, any, now.mono + kWindow + Duration(1), kWindow));
}

TEST_F(ShadowEvidenceTest, NothingComparedIsNoSignOfLife) {
  CountLookups(evidence, {}, now);
  EXPECT_FALSE(evidence.last_lookup.has_value());
  EXPECT_TRUE(evidence.empty());
}

}  // namespace
}  // namespace portolan::reconciler
