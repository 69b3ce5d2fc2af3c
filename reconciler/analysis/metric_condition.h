#pragma once

#include <string>

#include "reconciler/analysis/measurement.h"

namespace portolan::reconciler {

// Fewer points per arm say nothing about a mean or a variance of a series: Kayenta's test alarms
// falsely in 5 % of cases at 3 points, 1 % at 4 and 0.3 % from 5 (our measurement); 8 leaves room.
constexpr std::int64_t kSeriesPointsMin = 8;
// Fluctuation below this share of stable's mean is none: a stable arm that stands still must not
// make any other one look wild.
constexpr double kNoiseShare = 1e-3;

// By Mann and Whitney's test a shift counts when its interval lies beyond this share of its own
// estimate: Kayenta's tolerance, which keeps out what is barely other than nothing.
constexpr double kShiftTolerance = 0.25;

enum class MeasurementOutcome { kSuccessful, kFailed, kInconclusive, kError };
std::string_view MeasurementOutcomeName(MeasurementOutcome outcome);  // "Successful", …

struct Judgement {
  MeasurementOutcome outcome = MeasurementOutcome::kInconclusive;
  std::string message;  // one sentence with the numbers
};

// Judges one reading by the metric's condition. Bounds hold for every point of it. A comparison
// looks at the mean of each arm's points or at their shift, and at their variance; of series it
// wants kSeriesPointsMin points per arm, else the outcome is kInconclusive. Negative values cannot
// be compared: kInconclusive. kError only of an expression that cannot be evaluated.
Judgement JudgeReading(const manifests::ProviderMetric& metric, const Reading& reading);

}  // namespace portolan::reconciler
