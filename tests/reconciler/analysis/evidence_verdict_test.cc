#include "reconciler/analysis/evidence_verdict.h"

#include <gtest/gtest.h>

#include <cmath>

namespace portolan::reconciler {
namespace {

using mapcore::Arm;

// Two steps below 100 % and the bake, one metric in the background: three tests, E >= 300.
class EvidenceVerdict : public testing::Test {
 protected:
  EvidenceVerdict() {
    strategy.steps = {{.weight = 5'000, .soak = Duration(0), .pause = {}, .analysis = {}},
                      {.weight = 20'000, .soak = Duration(0), .pause = {}, .analysis = {}},
                      {.weight = 100'000, .soak = Duration(0), .pause = {}, .analysis = {}}};
    strategy.analysis = {
        {.name = "errors", .metrics = {{.name = "client-errors", .bad = "errors"}}}};
  }

  // `subjects` of one reporter, the first `bad` of them bad; hashes start at `first`.
  void Hear(Arm arm, std::int64_t subjects, std::int64_t bad, std::uint64_t first = 0) {
    Report report{"client", ++batch_, "limits", {ReportItem{}}};
    ReportItem& item = report.items[0];
    item.arm = arm;
    item.lookups = item.subjects = subjects;
    for (std::int64_t i = 0; i < bad; ++i)
      item.bad["errors"].subject_hashes.push_back(first + static_cast<std::uint64_t>(i));
    item.bad["errors"].count = bad;
    Count(evidence, report, Now{}, unit);
  }
  EvidenceJudgement Judged(bool baking = false) const {
    return JudgeEvidence({.strategy = strategy,
                          .step = baking ? 2u : 0u,
                          .weight = baking ? mapcore::kWeightMax - holdback : 5'000u,
                          .evidence = evidence,
                          .control = control,
                          .unit = unit});
  }
  MetricVerdict Metric(bool baking = false) const { return Judged(baking).metrics.at(0); }

  manifests::Strategy strategy;
  StepEvidence evidence;
  ControlArm control;
  EvidenceUnit unit = EvidenceUnit::kSubject;
  std::uint32_t holdback = 0;

 private:
  std::uint64_t batch_ = 0;
};

double NumberOf(const MetricVerdict& metric, std::string_view name) {
  for (const auto& [key, value] : metric.numbers)
    if (key == name) return value;
  return std::nan("");
}

TEST_F(EvidenceVerdict, SharesAlphaOverTheTestsKnownAtTheStart) {
  EXPECT_EQ(TestsOf(strategy), 3);
  strategy.steps[1].analysis = {{.name = "more", .metrics = {{}, {}}}};
  EXPECT_EQ(TestsOf(strategy), 5);
  EXPECT_EQ(MetricsOf(strategy, 1, false).size(), 3u);
  EXPECT_EQ(MetricsOf(strategy, 2, true).size(), 1u);
  EXPECT_NEAR(NumberOf(Metric(), "lnRegressionThreshold"), std::log(500), 1e-9);
}

TEST_F(EvidenceVerdict, FailsWhenBadSubjectsFallOnTheCanary) {
  Hear(Arm::kStable, 950, 3, 100);
  Hear(Arm::kCanary, 50, 4);
  EXPECT_EQ(Metric().verdict, Verdict::kSuccessful) << Metric().message;
  Hear(Arm::kCanary, 0, 5);
  const MetricVerdict metric = Metric();
  EXPECT_EQ(metric.verdict, Verdict::kFailed);
  EXPECT_NEAR(NumberOf(metric, "lnRegression"), 7.828003, 1e-6);
  EXPECT_EQ(metric.message,
            "E = 2510 ≥ 300 that the new version is worse; bad subjects: 5 of 50 on canary, 3 of "
            "950 on stable");
}

TEST_F(EvidenceVerdict, CountsASubjectThatAlwaysFailsOnce) {
  Hear(Arm::kStable, 1'000, 0);
  for (int i = 0; i < 100; ++i) Hear(Arm::kCanary, 1, 1);
  EXPECT_EQ(NumberOf(Metric(), "canaryBad"), 1);
  EXPECT_EQ(Metric().verdict, Verdict::kSuccessful);
}

TEST_F(EvidenceVerdict, HoldsUntilSafeWhenThatIsRequired) {
  strategy.analysis[0].metrics[0].require = "safe";
  EXPECT_EQ(Metric().verdict, Verdict::kPending);
  Hear(Arm::kCanary, 353, 0);
  EXPECT_EQ(Metric().verdict, Verdict::kPending) << "one clean subject too few";
  EXPECT_FALSE(Judged().safe);
  Hear(Arm::kCanary, 1, 0);
  EXPECT_EQ(Metric().verdict, Verdict::kSuccessful);
  EXPECT_TRUE(Judged().safe);
}

TEST_F(EvidenceVerdict, IsSafeByComparisonToo) {
  strategy.analysis[0].metrics[0].require = "safe";
  strategy.analysis[0].metrics[0].ok_below = 0.0001;
  Hear(Arm::kStable, 1'900, 99, 100);
  Hear(Arm::kCanary, 100, 1);
  EXPECT_NEAR(NumberOf(Metric(), "lnSafetyRelative"), 5.839267, 1e-6);
  EXPECT_EQ(Metric().verdict, Verdict::kSuccessful);
}

TEST_F(EvidenceVerdict, DoesNotTakeSubjectsOfTwoReportersForTwoWhenItLooksForSafety) {
  strategy.analysis[0].metrics[0].require = "safe";
  for (const std::string instance : {"a", "b"}) {
    Report report{instance, 1, "limits", {ReportItem{}}};
    report.items[0].arm = Arm::kCanary;
    report.items[0].lookups = report.items[0].subjects = 200;
    Count(evidence, report, Now{});
  }
  EXPECT_EQ(NumberOf(Metric(), "canarySubjects"), 200);
  EXPECT_EQ(Metric().verdict, Verdict::kPending);
}

TEST_F(EvidenceVerdict, IsPendingWithoutReports) {
  Hear(Arm::kStable, 100, 0);
  EXPECT_EQ(Metric().verdict, Verdict::kPending);
  Hear(Arm::kCanary, 1, 0);
  EXPECT_EQ(Metric().verdict, Verdict::kSuccessful);
}

TEST_F(EvidenceVerdict, IsInconclusivePastTheCapOfBadSubjects) {
  Hear(Arm::kStable, 1'000'000, static_cast<std::int64_t>(kBadSubjectsMax), 100'000);
  Hear(Arm::kCanary, 52'631, 500);
  EXPECT_EQ(Metric().verdict, Verdict::kSuccessful) << Metric().message;
  Hear(Arm::kStable, 0, 1, 99'999);
  EXPECT_EQ(Metric().verdict, Verdict::kInconclusive) << Metric().message;
}

TEST_F(EvidenceVerdict, IsInconclusiveWhenTheSplitIsNotAsItSays) {
  Hear(Arm::kStable, 900, 0);
  Hear(Arm::kCanary, 100, 0);
  const EvidenceJudgement judgement = Judged();
  ASSERT_EQ(judgement.metrics.size(), 2u);
  EXPECT_EQ(judgement.metrics[1].name, "sample-ratio");
  EXPECT_EQ(judgement.metrics[1].verdict, Verdict::kInconclusive);
  EXPECT_EQ(Combine(judgement.metrics), Verdict::kInconclusive);
}

TEST_F(EvidenceVerdict, JudgesNothingWithoutMetrics) {
  strategy.analysis.clear();
  Hear(Arm::kStable, 900, 0);
  Hear(Arm::kCanary, 100, 50);
  EXPECT_TRUE(Judged().metrics.empty());
  EXPECT_FALSE(Judged().safe) << "no evidence is no evidence of safety";
}

TEST_F(EvidenceVerdict, ComparesTheBakeWithTheStableArmOfTheSteps) {
  Hear(Arm::kStable, 1'000, 10, 100);
  KeepControl(control, evidence.stable);
  evidence = {};
  Hear(Arm::kCanary, 1'000, 20);
  EXPECT_EQ(Metric(true).verdict, Verdict::kSuccessful) << Metric(true).message;
  Hear(Arm::kCanary, 0, 90);
  EXPECT_EQ(Metric(true).verdict, Verdict::kFailed) << Metric(true).message;
}

TEST_F(EvidenceVerdict, DoesNotBlameALongBakeForSubjectsThatWereAskedMore) {
  Hear(Arm::kStable, 1'000, 10, 100);
  KeepControl(control, evidence.stable);
  evidence = {};
  // The same subjects, each asked ten times as often: ten times as many were bad once.
  Hear(Arm::kCanary, 1'000, 100);
  evidence.canary.lookups = 10'000;
  EXPECT_EQ(Metric(true).verdict, Verdict::kSuccessful) << Metric(true).message;
}

TEST_F(EvidenceVerdict, HasNothingToCompareABakeWithWithoutSteps) {
  Hear(Arm::kCanary, 1'000, 500);
  EXPECT_EQ(NumberOf(Metric(true), "lnRegression"), 0);
  EXPECT_EQ(Metric(true).verdict, Verdict::kSuccessful);
}

TEST_F(EvidenceVerdict, ComparesABakeWithThoseWhoAreHeldBack) {
  holdback = 10'000;
  // An outage of both: nine of ten bad subjects are on the canary because nine of ten subjects are.
  Hear(Arm::kStable, 1'000, 60, 100'000);
  Hear(Arm::kCanary, 9'000, 540);
  EXPECT_EQ(Metric(true).verdict, Verdict::kSuccessful) << Metric(true).message;
  EXPECT_EQ(NumberOf(Metric(true), "weight"), 0.9);
  Hear(Arm::kCanary, 0, 1'000);
  EXPECT_EQ(Metric(true).verdict, Verdict::kFailed) << Metric(true).message;
}

TEST_F(EvidenceVerdict, ChecksTheSampleRatioOfThoseWhoAreHeldBack) {
  holdback = 10'000;
  Hear(Arm::kStable, 1'000, 0);
  Hear(Arm::kCanary, 1'000, 0);
  ASSERT_EQ(Judged(true).metrics.size(), 2u);
  EXPECT_EQ(Judged(true).metrics.at(1).name, "sample-ratio");
}

TEST_F(EvidenceVerdict, KeepsTheStepThatWasAskedMost) {
  Hear(Arm::kStable, 1'000, 10, 100);
  KeepControl(control, evidence.stable);
  KeepControl(control, ArmEvidence{});
  EXPECT_EQ(control.lookups, 1'000);
  EXPECT_EQ(control.bad.at("errors"), 10);
}

TEST_F(EvidenceVerdict, TakesTheShareOfInstancesSeenWhenTheyAreTheUnit) {
  unit = EvidenceUnit::kInstance;
  for (int i = 0; i < 10; ++i) {
    Report report{"instance-" + std::to_string(i), 1, "limits", {ReportItem{}}};
    report.items[0].arm = i == 0 ? Arm::kCanary : Arm::kStable;
    report.items[0].lookups = report.items[0].subjects = 1'000;
    report.items[0].bad["errors"] = {500, {1, 2, 3, 4, 5, 6}};
    Count(evidence, report, Now{}, unit);
  }
  const MetricVerdict metric = Metric();
  EXPECT_NEAR(NumberOf(metric, "weight"), 0.1, 1e-9) << "1 of 10, not 5 %";
  EXPECT_EQ(NumberOf(metric, "canaryBad"), 1);
  EXPECT_EQ(NumberOf(metric, "stableBad"), 9);
}

}  // namespace
}  // namespace portolan::reconciler
