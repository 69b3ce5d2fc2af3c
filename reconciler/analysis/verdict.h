#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portolan::reconciler {

// What a metric says of a step. NaN, no data and a provider's error are never success.
enum class Verdict {
  kPending,       // not decided yet: holds the step, pauses nothing
  kSuccessful,    // nothing speaks against advancing
  kFailed,        // roll back now
  kInconclusive,  // cannot be decided from this data: pauses the step
  kError,         // could not be measured: pauses the step
};
std::string_view VerdictName(Verdict verdict);

// One metric's verdict on the present step, from whatever source: counts of reports
// (evidence_verdict.h) or a provider.
struct MetricVerdict {
  std::string name;
  Verdict verdict = Verdict::kPending;
  std::string message;                                  // one sentence with the numbers
  std::vector<std::pair<std::string, double>> numbers;  // as status shows them; all finite
  // Measured in the background without a success so far: it holds no step, and is shown as Pending.
  bool unproven = false;

  Verdict shown() const { return unproven ? Verdict::kPending : verdict; }
};

// The verdict of a step on all of its metrics: Failed if one failed, else Inconclusive, Error or
// Pending if one is, else Successful; Successful without metrics.
Verdict Combine(const std::vector<MetricVerdict>& metrics);

// The first metric of a verdict; null when there is none.
const MetricVerdict* FirstOf(const std::vector<MetricVerdict>& metrics, Verdict verdict);

}  // namespace portolan::reconciler
