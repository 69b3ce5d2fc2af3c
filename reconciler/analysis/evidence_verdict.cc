#include "reconciler/analysis/evidence_verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "reconciler/analysis/sample_ratio.h"
#include "reconciler/analysis/sequential_test.h"

// One sequential test per metric and step: each with the level alpha divided by the number of
// tests that the whole rollout makes (Bonferroni, TestsOf), so that a version that changes nothing
// is rolled back with a probability of at most alpha, however long the rollout is watched. What a
// step has shown does not count in the next: its weight is another coin.

namespace portolan::reconciler {
namespace {

// In a bake without holdback canary and control were not served at the same time: only more than
// twice is worse. Traffic by hour of day alone moves error rates by less.
constexpr double kBakeRatio = 2;

template <typename... Numbers>
std::string Format(const char* format, Numbers... numbers) {
  char text[256];
  std::snprintf(text, sizeof text, format, numbers...);
  return text;
}

// What one metric is judged by.
struct Counts {
  std::int64_t canary_bad = 0;
  std::int64_t stable_bad = 0;
  std::int64_t canary_subjects = 0;  // at least
  std::int64_t stable_subjects = 0;  // at least
  double weight = 0;                 // of the canary; 0 when there is no arm to compare with
};

double Share(std::int64_t part, std::int64_t rest) {
  return part + rest == 0 ? 0 : static_cast<double>(part) / static_cast<double>(part + rest);
}

Counts AtOneTime(const EvidenceCase& judged, const std::string& kind) {
  const auto& [stable, canary] = std::pair<const ArmEvidence&, const ArmEvidence&>(
      judged.evidence.stable, judged.evidence.canary);
  Counts counts{.canary_bad = canary.BadOf(kind),
                .stable_bad = stable.BadOf(kind),
                .canary_subjects = canary.SubjectsAtLeast(),
                .stable_subjects = stable.SubjectsAtLeast(),
                .weight = judged.weight / static_cast<double>(mapcore::kWeightMax)};
  // Instances are few: one more of ten than the weight says is twice the weight.
  // Rounding up the share can only make a regression harder to see, never make one up.
  if (judged.unit == EvidenceUnit::kInstance)
    counts.weight = std::max(counts.weight, Share(counts.canary_subjects, counts.stable_subjects));
  return counts;
}

// The bake lasts longer than a step, or not as long: subjects were asked more, or there were more
// of them. When nothing changed bad subjects grow with neither by more than in proportion, so the
// larger share bounds theirs.
Counts AcrossTime(const EvidenceCase& judged, const std::string& kind) {
  const ArmEvidence& canary = judged.evidence.canary;
  const ControlArm& control = judged.control;
  const auto bad = control.bad.find(kind);
  Counts counts{.canary_bad = canary.BadOf(kind),
                .stable_bad = bad == control.bad.end() ? 0 : bad->second,
                .canary_subjects = canary.SubjectsAtLeast(),
                .stable_subjects = control.subjects,
                .weight = 0};
  if (control.lookups > 0 && canary.lookups > 0) {
    counts.weight = Share(canary.lookups, control.lookups);
    if (control.subjects > 0)
      counts.weight = std::max(counts.weight, Share(canary.SubjectsAtMost(), control.subjects));
  }
  return counts;
}

std::string BadText(const Counts& counts) {
  return Format(
      "bad subjects: %lld of %lld on canary, %lld of %lld on stable",
      static_cast<long long>(counts.canary_bad), static_cast<long long>(counts.canary_subjects),
      static_cast<long long>(counts.stable_bad), static_cast<long long>(counts.stable_subjects));
}

struct Evidences {
  double regression = 0;  // ln E of each test
  double relative = 0;
  double absolute = 0;
  double threshold = 0;  // ln, of the regression

  bool safe() const { return std::max(relative, absolute) >= std::log(kSafetyThreshold); }
};

Evidences TestAll(const Counts& counts, const manifests::ReportMetric& metric,
                  const EvidenceCase& judged) {
  Evidences evidences;
  // ln(tests / alpha): Ville's inequality for each, Bonferroni over all.
  evidences.threshold = std::log(static_cast<double>(TestsOf(judged.strategy)) / metric.alpha);
  if (counts.weight > 0 && counts.weight < 1) {
    const Tosses tosses[] = {{counts.weight, counts.canary_bad, counts.stable_bad}};
    const double ratio =
        judged.both_served() ? metric.max_ratio : std::max(kBakeRatio, metric.max_ratio);
    evidences.regression = LogRegression(tosses, ratio);
    // Across time safety cannot be shown by comparison: the hour may have got better.
    if (judged.both_served()) evidences.relative = LogRelativeSafety(tosses, metric.safe_ratio);
  }
  evidences.absolute = LogAbsoluteSafety(std::max(counts.canary_subjects, counts.canary_bad),
                                         counts.canary_bad, metric.ok_below);
  return evidences;
}

// Regression first: it holds whatever else is unclear.
void Decide(const EvidenceCase& judged, const manifests::ReportMetric& metric,
            const Evidences& evidences, MetricVerdict& verdict) {
  const std::string counts = std::exchange(verdict.message, {});
  if (evidences.regression >= evidences.threshold) {
    verdict.verdict = Verdict::kFailed;
    verdict.message = Format("E = %.4g ≥ %.4g that the new version is worse; ",
                             std::exp(evidences.regression), std::exp(evidences.threshold));
  } else if (judged.evidence.canary.overflowed || judged.evidence.stable.overflowed) {
    verdict.verdict = Verdict::kInconclusive;
    verdict.message =
        Format("more than %zu bad subjects or %zu kinds of them on one arm, not all are counted; ",
               kBadSubjectsMax, kBadKindsMax);
  } else if (metric.require == "safe" && !judged.baking() && !evidences.safe()) {
    verdict.verdict = Verdict::kPending;
    verdict.message =
        Format("not known to be safe yet: E = %.3g of %g; ",
               std::exp(std::max(evidences.relative, evidences.absolute)), kSafetyThreshold);
  } else if (judged.evidence.canary.lookups == 0) {
    verdict.verdict = Verdict::kPending;
    verdict.message = "no reports from the new version; ";
  } else {
    verdict.verdict = Verdict::kSuccessful;
    verdict.message =
        evidences.safe()
            ? Format("safe: E = %.4g ≥ %g; ",
                     std::exp(std::max(evidences.relative, evidences.absolute)), kSafetyThreshold)
            : Format("no regression: E = %.3g of %.4g; ", std::exp(evidences.regression),
                     std::exp(evidences.threshold));
  }
  verdict.message += counts;
}

MetricVerdict JudgeMetric(const EvidenceCase& judged, const manifests::ReportMetric& metric,
                          bool& safe) {
  const Counts counts =
      judged.both_served() ? AtOneTime(judged, metric.bad) : AcrossTime(judged, metric.bad);
  const Evidences evidences = TestAll(counts, metric, judged);
  safe = safe && evidences.safe();
  MetricVerdict verdict{.name = metric.name,
                        .verdict = Verdict::kPending,
                        .message = BadText(counts),
                        .numbers = {{"lnRegression", evidences.regression},
                                    {"lnRegressionThreshold", evidences.threshold},
                                    {"lnSafetyRelative", evidences.relative},
                                    {"lnSafetyAbsolute", evidences.absolute},
                                    {"lnSafetyThreshold", std::log(kSafetyThreshold)},
                                    {"canaryBad", static_cast<double>(counts.canary_bad)},
                                    {"canarySubjects", static_cast<double>(counts.canary_subjects)},
                                    {"stableBad", static_cast<double>(counts.stable_bad)},
                                    {"stableSubjects", static_cast<double>(counts.stable_subjects)},
                                    {"weight", counts.weight}}};
  Decide(judged, metric, evidences, verdict);
  return verdict;
}

// Neither arm may lose reports: a version that crashes before it reports looks healthy otherwise.
// (Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD 2019.)
void CheckSampleRatio(const EvidenceCase& judged, std::vector<MetricVerdict>& metrics) {
  if (!judged.both_served() || judged.unit == EvidenceUnit::kInstance) return;
  const ArmEvidence& canary = judged.evidence.canary;
  const ArmEvidence& stable = judged.evidence.stable;
  const bool sketched = !canary.sketch.empty() || !stable.sketch.empty();
  const std::size_t reporters =
      std::max({canary.plain.size(), stable.plain.size(), std::size_t{1}});
  const SampleCounts counts{
      .canary = static_cast<double>(canary.SubjectsAtMost()),
      .stable = static_cast<double>(stable.SubjectsAtMost()),
      .weight = judged.weight / static_cast<double>(mapcore::kWeightMax),
      .counted_at_most = static_cast<double>(reporters + (sketched && reporters > 1 ? 1 : 0)),
      .relative_error = sketched ? SubjectSketch::kStandardError : 0};
  const double p = SampleRatioP(counts);
  if (p >= kSampleRatioLimit) return;
  metrics.push_back(
      {.name = "sample-ratio",
       .verdict = Verdict::kInconclusive,
       .message = Format("%.0f of %.0f subjects reported the new version, the weight is %g %%: the "
                         "split or the reports are broken (p = %.1e)",
                         counts.canary, counts.canary + counts.stable, 100 * counts.weight, p),
       .numbers = {
           {"p", p}, {"canarySubjects", counts.canary}, {"stableSubjects", counts.stable}}});
}

std::int64_t CountMetrics(const std::vector<manifests::AnalysisTemplate>& templates) {
  std::size_t count = 0;
  for (const manifests::AnalysisTemplate& analysis : templates) count += analysis.metrics.size();
  return static_cast<std::int64_t>(count);
}

}  // namespace

// Of the steps the one with the most lookups: later ones have less on stable.
void KeepControl(ControlArm& control, const ArmEvidence& stable) {
  if (stable.lookups <= control.lookups) return;
  control = {.lookups = stable.lookups, .subjects = stable.SubjectsAtLeast(), .bad = {}};
  for (const auto& [kind, subjects] : stable.bad_subjects_by_kind)
    control.bad[kind] = static_cast<std::int64_t>(subjects.size());
}

std::vector<manifests::ReportMetric> MetricsOf(const manifests::Strategy& strategy,
                                               std::uint32_t step, bool baking) {
  std::vector<manifests::ReportMetric> metrics;
  const auto add = [&](const std::vector<manifests::AnalysisTemplate>& templates) {
    for (const manifests::AnalysisTemplate& analysis : templates)
      metrics.insert(metrics.end(), analysis.metrics.begin(), analysis.metrics.end());
  };
  add(strategy.analysis);
  if (!baking) add(strategy.steps[step].analysis);
  return metrics;
}

std::int64_t TestsOf(const manifests::Strategy& strategy) {
  const std::int64_t background = CountMetrics(strategy.analysis);
  std::int64_t tests = background;
  for (const manifests::Step& step : strategy.steps)
    if (step.weight < mapcore::kWeightMax) tests += background + CountMetrics(step.analysis);
  return std::max<std::int64_t>(tests, 1);
}

EvidenceJudgement JudgeEvidence(const EvidenceCase& judged) {
  EvidenceJudgement judgement;
  const auto metrics = MetricsOf(judged.strategy, judged.step, judged.baking());
  // Without a metric nothing was shown.
  judgement.safe = !metrics.empty();
  for (const manifests::ReportMetric& metric : metrics)
    judgement.metrics.push_back(JudgeMetric(judged, metric, judgement.safe));
  if (!metrics.empty()) CheckSampleRatio(judged, judgement.metrics);
  return judgement;
}

}  // namespace portolan::reconciler
