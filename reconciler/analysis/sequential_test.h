#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace portolan::reconciler {

// Sequential tests on counts, after Lindon and Malek, "Anytime-valid inference for multinomial
// count data" (NeurIPS 2022). Under "the version changes nothing" the arm of a bad subject is a
// coin with the split's own weight, however sticky, bursty or heavy subjects are. Each test is an
// e-process: the mean over a grid of alternatives of their likelihood ratios against the null. By
// Ville's inequality it passes 1/alpha with a probability of at most alpha under the null, however
// often one looks. All results are natural logarithms of E; 0 without data. Pure.

// Distinct bad subjects by arm, counted while the canary's share of subjects was `weight`.
struct Tosses {
  double weight = 0;  // in (0, 1)
  std::int64_t canary = 0;
  std::int64_t stable = 0;
};

inline constexpr std::array kRegressionGrid = {1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0};
inline constexpr std::array kRelativeSafetyGrid = {1.0, 0.8, 0.5, 0.25};
inline constexpr std::array kAbsoluteSafetyGrid = {0.0, 0.1, 0.25, 0.5};  // times `ok_below`

// E at which a version counts as safe: evidence of 1 in 20.
inline constexpr double kSafetyThreshold = 20;

// Against "the canary's bad ratio is at most `max_ratio` times stable's", over the ratios of the
// grid above it. `max_ratio` in (0, 100). With many bad subjects read the ratio as one of odds.
double LogRegression(std::span<const Tosses> tosses, double max_ratio);

// Against "the canary's bad ratio is at least `safe_ratio` times stable's", over the ratios of the
// grid below it. `safe_ratio` above 0.25.
double LogRelativeSafety(std::span<const Tosses> tosses, double safe_ratio);

// Against "the canary's bad ratio is at least `ok_below`", on the canary alone: a binomial test on
// subjects seen, `bad` of them bad. `ok_below` in (0, 1); `bad` at most `subjects`.
double LogAbsoluteSafety(std::int64_t subjects, std::int64_t bad, double ok_below);

}  // namespace portolan::reconciler
