#include "reconciler/analysis/evidence.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

const Now kNow{WallTime(Duration(1'000'000)), Duration(5)};

Report ReportOf(mapcore::Arm arm, std::uint64_t batch, std::int64_t subjects, std::int64_t bad) {
  static std::uint64_t next_subject = 0;
  Report report{"client", batch, "limits", {ReportItem{}}};
  report.items[0].arm = arm;
  report.items[0].lookups = subjects * 2;
  report.items[0].subjects = subjects;
  if (bad > 0) report.items[0].bad["errors"].count = bad;
  for (std::int64_t i = 0; i < bad; ++i)
    report.items[0].bad["errors"].subject_hashes.push_back(++next_subject);
  return report;
}

TEST(SubjectHash, IsTheStartOfSha256) {
  // printf test | sha256sum: 9f86d081884c7d65…
  EXPECT_EQ(SubjectHash("test"), 0x9f86d081884c7d65u);
}

TEST(Count, CountsABatchOfAnInstanceOnce) {
  StepEvidence evidence;
  const Report report = ReportOf(mapcore::Arm::kCanary, 3, 10, 2);
  EXPECT_TRUE(Count(evidence, report, kNow));
  EXPECT_FALSE(Count(evidence, report, kNow));
  EXPECT_FALSE(Count(evidence, ReportOf(mapcore::Arm::kCanary, 2, 10, 2), kNow));
  EXPECT_EQ(evidence.canary.subjects, 10);
  EXPECT_EQ(evidence.canary.bad, 2);
  EXPECT_EQ(evidence.canary.bad_subjects.size(), 2u);
}

TEST(Count, CountsASubjectOnceAcrossReportersAndKinds) {
  StepEvidence evidence;
  Report report{"a", 1, "limits", {ReportItem{}}};
  report.items[0].arm = mapcore::Arm::kCanary;
  report.items[0].subjects = 5;
  report.items[0].bad["errors"] = {3, {7}};
  report.items[0].bad["timeouts"] = {2, {7}};
  Count(evidence, report, kNow);
  report.instance = "b";
  Count(evidence, report, kNow);
  EXPECT_EQ(evidence.canary.bad, 10);
  EXPECT_EQ(evidence.canary.bad_subjects.size(), 1u);
  EXPECT_DOUBLE_EQ(evidence.canary.BadRatio(), 0.1);
}

TEST(Count, CountsBothArmsOfOneReport) {
  StepEvidence evidence;
  Report report = ReportOf(mapcore::Arm::kCanary, 1, 5, 0);
  report.items.push_back(ReportOf(mapcore::Arm::kStable, 1, 95, 2).items[0]);
  EXPECT_TRUE(Count(evidence, report, kNow));
  EXPECT_EQ(evidence.canary.subjects, 5);
  EXPECT_EQ(evidence.stable.subjects, 95);
  EXPECT_FALSE(Count(evidence, report, kNow));
  EXPECT_EQ(evidence.stable.subjects, 95);
}

TEST(Count, AddsPlainCountsOfReportersToAnUpperBound) {
  StepEvidence evidence;
  Report report = ReportOf(mapcore::Arm::kCanary, 1, 16, 0);
  Count(evidence, report, kNow);
  EXPECT_EQ(evidence.canary.SubjectsAtLeast(), 16);
  EXPECT_EQ(evidence.canary.SubjectsAtMost(), 16);
  report.instance = "other";
  Count(evidence, report, kNow);
  EXPECT_EQ(evidence.canary.SubjectsAtLeast(), 16) << "both may have seen the same";
  EXPECT_EQ(evidence.canary.SubjectsAtMost(), 32);
}

TEST(Count, KeepsNoMoreBadSubjectsThanTheCapAndSaysSo) {
  StepEvidence evidence;
  const auto most = static_cast<std::int64_t>(kBadSubjectsMax);
  Count(evidence, ReportOf(mapcore::Arm::kStable, 1, most, most), kNow);
  EXPECT_FALSE(evidence.stable.overflowed);
  Count(evidence, ReportOf(mapcore::Arm::kStable, 2, 1, 1), kNow);
  EXPECT_TRUE(evidence.stable.overflowed);
  EXPECT_EQ(evidence.stable.BadOf("errors"), most);
  EXPECT_EQ(evidence.stable.BadOf("timeouts"), 0);
}

TEST(Count, KeepsNoMoreKindsThanTheCapAndSaysSo) {
  StepEvidence evidence;
  for (std::size_t i = 0; i <= kBadKindsMax; ++i) {
    EXPECT_FALSE(evidence.canary.overflowed) << i;
    Report report = ReportOf(mapcore::Arm::kCanary, i + 1, 1, 0);
    report.items[0].bad["kind-" + std::to_string(i)] = {1, {i}};
    Count(evidence, report, kNow);
  }
  EXPECT_TRUE(evidence.canary.overflowed) << "the last kind may be one that a metric judges";
  EXPECT_EQ(evidence.canary.bad_by_kind.size(), kBadKindsMax);
  EXPECT_EQ(evidence.canary.bad_subjects.size(), kBadKindsMax + 1) << "bad it is all the same";
  EXPECT_EQ(evidence.canary.bad, static_cast<std::int64_t>(kBadKindsMax + 1));
  Report crash = ReportOf(mapcore::Arm::kCanary, kBadKindsMax + 2, 1, 0);
  crash.items[0].bad[std::string(kCrash)].count = 1;
  Count(evidence, crash, kNow);
  EXPECT_TRUE(BrokenHardLimit(evidence).has_value()) << "a crash always finds a place";
}

TEST(Count, LeavesOutAKindThatNoMetricCanName) {
  StepEvidence evidence;
  Report report = ReportOf(mapcore::Arm::kCanary, 1, 1, 0);
  report.items[0].bad[std::string(64, 'k')] = {1, {7}};
  Count(evidence, report, kNow);
  EXPECT_TRUE(evidence.canary.bad_by_kind.empty());
  EXPECT_FALSE(evidence.canary.overflowed);
  EXPECT_EQ(evidence.canary.bad_subjects.size(), 1u);
}

TEST(HardLimitOfACrash, IsReachedByOne) {
  StepEvidence evidence;
  Report report = ReportOf(mapcore::Arm::kCanary, 1, 1, 0);
  report.items[0].matched = true;
  Count(evidence, report, kNow);
  EXPECT_FALSE(BrokenHardLimit(evidence).has_value());
  report.batch = 2;
  report.items[0].bad[std::string(kCrash)].count = 1;
  Count(evidence, report, kNow);
  EXPECT_EQ(BrokenHardLimit(evidence), "a client reports a crash on the new version");
}

struct LimitCase {
  std::int64_t canary_subjects, canary_bad, stable_subjects, stable_bad;
  bool broken;
};

class HardLimit : public testing::TestWithParam<LimitCase> {};

TEST_P(HardLimit, NeedsMostOfTwentySubjectsAndAHealthyStableArm) {
  const LimitCase& c = GetParam();
  StepEvidence evidence;
  Count(evidence, ReportOf(mapcore::Arm::kCanary, 1, c.canary_subjects, c.canary_bad), kNow);
  Count(evidence, ReportOf(mapcore::Arm::kStable, 2, c.stable_subjects, c.stable_bad), kNow);
  EXPECT_EQ(BrokenHardLimit(evidence).has_value(), c.broken);
}

INSTANTIATE_TEST_SUITE_P(Bounds, HardLimit,
                         testing::Values(LimitCase{20, 11, 100, 0, true},    //
                                         LimitCase{20, 10, 100, 0, false},   // not more than half
                                         LimitCase{19, 19, 100, 0, false},   // too few
                                         LimitCase{20, 20, 100, 24, true},   //
                                         LimitCase{20, 20, 100, 25, false},  // stable fails as well
                                         LimitCase{20, 20, 0, 0, true}));    // no control arm

// One lookup by each of so many subjects.
Report LookupsOf(mapcore::Arm arm, std::uint64_t batch, std::int64_t lookups, std::int64_t bad) {
  Report report = ReportOf(arm, batch, lookups, bad);
  report.items[0].lookups = lookups;
  return report;
}

struct WindowCase {
  const char* name;
  int seconds_of_good_lookups, seconds_since;
  std::int64_t canary_bad, stable_bad;  // of 1,000 lookups each
  bool broken;
};

class RecentHardLimit : public testing::TestWithParam<WindowCase> {};

Now At(int second) {
  return {kNow.wall + std::chrono::seconds(second), kNow.mono + std::chrono::seconds(second)};
}

TEST_P(RecentHardLimit, LooksAtTheLastHalfMinute) {
  const WindowCase& c = GetParam();
  StepEvidence evidence;
  std::uint64_t batch = 0;
  for (int second = 0; second < c.seconds_of_good_lookups; ++second) {
    Count(evidence, LookupsOf(mapcore::Arm::kStable, ++batch, 1'000, 0), At(second));
    Count(evidence, LookupsOf(mapcore::Arm::kCanary, ++batch, 1'000, 0), At(second));
  }
  const Now then = At(c.seconds_of_good_lookups + c.seconds_since);
  Count(evidence, LookupsOf(mapcore::Arm::kStable, ++batch, 1'000, c.stable_bad), then);
  Count(evidence, LookupsOf(mapcore::Arm::kCanary, ++batch, 1'000, c.canary_bad), then);
  EXPECT_EQ(BrokenHardLimit(evidence).has_value(), c.broken);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, RecentHardLimit,
    testing::Values(WindowCase{"ALateFailureOfEveryone", 300, 31, 1'000, 0, true},
                    WindowCase{"StableFailsToo", 300, 31, 1'000, 250, false},
                    WindowCase{"StableFailsALittle", 300, 31, 1'000, 249, true},
                    WindowCase{"NotMoreThanHalf", 300, 31, 500, 0, false},
                    WindowCase{"DilutedByTheSameHalfMinute", 300, 1, 1'000, 0, false}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(RecentHardLimitOfFewSubjects, IsNotReached) {
  StepEvidence evidence;
  Count(evidence, LookupsOf(mapcore::Arm::kCanary, 1, 10'000, 0), At(0));
  Report report = LookupsOf(mapcore::Arm::kCanary, 2, 100, 19);
  report.items[0].bad.begin()->second.count = 100;
  Count(evidence, report, At(60));
  EXPECT_FALSE(BrokenHardLimit(evidence).has_value());
}

TEST(RecentHardLimitWithoutStable, SaysNothingWhileStableIsSilent) {
  StepEvidence evidence;
  Count(evidence, LookupsOf(mapcore::Arm::kStable, 1, 10'000, 0), At(0));
  Count(evidence, LookupsOf(mapcore::Arm::kCanary, 2, 10'000, 0), At(0));
  Count(evidence, LookupsOf(mapcore::Arm::kCanary, 3, 100, 100), At(60));
  EXPECT_FALSE(BrokenHardLimit(evidence).has_value());
  Count(evidence, LookupsOf(mapcore::Arm::kStable, 4, 100, 0), At(60));
  EXPECT_EQ(BrokenHardLimit(evidence),
            "100 of 100 lookups on the new version failed within 30 s, of at least 20 subjects "
            "(limit: 50 % of at least 20), on stable 0.0 %");
}

TEST(Evidence, SurvivesItsRecord) {
  StepEvidence evidence;
  Report report = ReportOf(mapcore::Arm::kCanary, 4, 30, 3);
  report.items[0].samples = {{"api/login", "rps is 0"}};
  report.items[0].sketch.Add(SubjectHash("user-1"));
  Count(evidence, report, kNow);
  evidence.canary.overflowed = true;
  const auto again = EvidenceFromValue(EvidenceToValue(evidence));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->canary.bad_subjects, evidence.canary.bad_subjects);
  EXPECT_EQ(again->canary.plain, evidence.canary.plain);
  EXPECT_EQ(again->canary.sketch, evidence.canary.sketch);
  EXPECT_TRUE(again->canary.overflowed);
  EXPECT_EQ(again->canary.bad_by_kind, evidence.canary.bad_by_kind);
  EXPECT_EQ(again->canary.last_report, kNow.wall);
  EXPECT_EQ(again->canary.last_report_mono, std::nullopt)
      << "data must be seen to flow anew after a restart";
  EXPECT_EQ(again->reporters, evidence.reporters);
  EXPECT_EQ(again->samples, evidence.samples);
}

TEST(Evidence, KeepsTheNewestSamplesOfEachArm) {
  StepEvidence evidence;
  Report canary = ReportOf(mapcore::Arm::kCanary, 1, 30, 3);
  canary.items[0].samples = {{"api/login", "rps is 0"}};
  Count(evidence, canary, kNow);
  for (std::uint64_t batch = 2; batch < 12; ++batch) {
    Report stable = ReportOf(mapcore::Arm::kStable, batch, 30, 3);
    const std::string text = "batch " + std::to_string(batch);
    stable.items[0].samples = {{"", text}, {"", text}, {"", text}};
    Count(evidence, stable, kNow);
  }
  ASSERT_EQ(evidence.samples.size(), kSamplesMax + 1);
  const ClientSample first = {mapcore::Arm::kCanary, canary.instance, "api/login", "rps is 0",
                              kNow.wall};
  EXPECT_EQ(evidence.samples.front(), first) << "an outage on stable pushes it not out";
  EXPECT_EQ(evidence.samples[1].text, "batch 5");
  EXPECT_EQ(evidence.samples.back().text, "batch 11");
  EXPECT_EQ(evidence.samples.back().arm, mapcore::Arm::kStable);
}

TEST(Evidence, ReadsTheSamplesOfAnEarlierRecord) {
  manifests::Value value = EvidenceToValue({});
  value.Set("samples", manifests::Value::Array{"user-1: rps is 0"});
  const auto evidence = EvidenceFromValue(value);
  ASSERT_TRUE(evidence.ok()) << evidence.error().message;
  ASSERT_EQ(evidence->samples.size(), 1u);
  EXPECT_EQ(evidence->samples[0].text, "user-1: rps is 0");
  EXPECT_EQ(evidence->samples[0].arm, mapcore::Arm::kCanary);
}

TEST(Evidence, RefusesAMalformedHash) {
  manifests::Value value = EvidenceToValue({});
  manifests::Value canary;
  canary.Set("badSubjects", manifests::Value::Array{"xyz"});
  value.Set("canary", canary);
  EXPECT_FALSE(EvidenceFromValue(value).ok());
}

}  // namespace
}  // namespace portolan::reconciler
