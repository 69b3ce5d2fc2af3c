#include "reconciler/analysis/verdict.h"

#include <algorithm>

namespace portolan::reconciler {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPending:
      return "Pending";
    case Verdict::kSuccessful:
      return "Successful";
    case Verdict::kFailed:
      return "Failed";
    case Verdict::kInconclusive:
      return "Inconclusive";
    case Verdict::kError:
      return "Error";
  }
  return "";
}

const MetricVerdict* FirstOf(const std::vector<MetricVerdict>& metrics, Verdict verdict) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const MetricVerdict& metric) {
    return metric.verdict == verdict;
  });
  return found == metrics.end() ? nullptr : &*found;
}

// In this order: what fails, then what nobody can judge, then what is missing.
Verdict Combine(const std::vector<MetricVerdict>& metrics) {
  for (const Verdict verdict :
       {Verdict::kFailed, Verdict::kInconclusive, Verdict::kError, Verdict::kPending})
    if (FirstOf(metrics, verdict) != nullptr) return verdict;
  return Verdict::kSuccessful;
}

}  // namespace portolan::reconciler
