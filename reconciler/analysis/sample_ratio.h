#pragma once

namespace portolan::reconciler {

// Subjects seen on each arm, and how far to trust the counts.
struct SampleCounts {
  double canary = 0;
  double stable = 0;
  double weight = 0;  // the canary's share by the split, in (0, 1)
  // How often a subject is counted at most: the number of reporters whose plain counts were added.
  double counted_at_most = 1;
  double relative_error = 0;  // standard error of a count that a sketch gave
};

// A p below this says that the split is broken or the reports are lost by arm.
inline constexpr double kSampleRatioLimit = 1e-4;
// Subjects to expect on each arm at least, for the chi-square distribution to hold.
inline constexpr double kSampleRatioExpected = 20;

// Chance of counts at least as far from the weight as these when the split works: chi-square with
// one degree of freedom (Pearson 1900). The variance is that of subjects, times `counted_at_most`,
// plus that of the sketches. 1 while too few subjects were seen to say.
double SampleRatioP(const SampleCounts& counts);

}  // namespace portolan::reconciler
