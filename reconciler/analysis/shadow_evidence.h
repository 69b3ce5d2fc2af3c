#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "manifests/shadow.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "mapcore/dual_run.h"
#include "reconciler/analysis/subject_sketch.h"

namespace portolan::reconciler {

constexpr std::size_t kShadowKeysMax = 100;       // counted apart
constexpr std::size_t kShadowExampleCells = 120;  // of an output that is kept as an example
constexpr Duration kShadowWindow = std::chrono::hours(1);  // of soak
constexpr double kShadowAlpha = 0.01;  // of a false rollback before the soak is over, all tests

// What a client computed for one subject on both versions of an entry, compared.
struct OutputItem {
  std::string key;
  std::uint64_t subject = 0;  // SubjectHash
  bool agrees = false;
  bool failed = false;   // the new version gave an error in place of an output
  bool planned = false;  // the plan changes the key
  double distance = 0;   // infinite when something else than numbers differs
  std::string stable;    // the outputs as JSON, shortened; empty when they agree
  std::string canary;    // or the error
};

// What a reporter sent of one map at once; `batch` rises with each of its reports.
struct OutputReport {
  std::string instance;
  std::uint64_t batch = 0;
  std::string map;
  Digest digest;  // of the new version
  std::vector<OutputItem> items;
};

// One key on which the versions disagree.
struct ShadowKey {
  std::int64_t differing = 0;    // sampled lookups that find another answer
  std::int64_t lost = 0;         // of them: that find nothing any more
  std::int64_t disagreeing = 0;  // outputs, failed ones included
  std::int64_t failed = 0;
  bool planned = false;  // the plan changes it
  // The outputs that are farthest apart.
  double distance = 0;
  std::string subject;  // its hash, 16 hex digits
  std::string stable;
  std::string canary;
};

// Outputs that clients sent. Distinct subjects are sketches: bounded, and mergeable over reporters.
struct OutputCounts {
  std::int64_t compared = 0;
  std::int64_t disagreeing = 0;
  std::int64_t failed = 0;  // of disagreeing
  SubjectSketch seen;
  SubjectSketch bad;  // at least one output disagreed

  // Estimates, exact to 1.6 % and of a few subjects exact.
  std::int64_t Subjects() const;
  std::int64_t BadSubjects() const;
  double BadRatio() const;  // 0 without subjects
};

// What a dual run found so far.
struct ShadowEvidence {
  std::int64_t lookups = 0;  // compared
  std::int64_t differing = 0;
  std::int64_t lost = 0;
  OutputCounts outputs;
  OutputCounts window;                                 // of the present kShadowWindow of soak
  std::int64_t windows = 0;                            // that are over
  Duration soaked{0};                                  // while comparisons flowed
  std::map<std::string, ShadowKey, std::less<>> keys;  // at most kShadowKeysMax
  std::int64_t elsewhere = 0;  // differences on keys that found no place among them
  std::map<std::string, std::uint64_t> reporters;  // instance -> last batch counted
  std::optional<WallTime> last_lookup;
  std::optional<WallTime> last_output;
  // Monotonic; unknown after a restart, when comparisons must be seen to flow anew.
  std::optional<Duration> last_lookup_mono;
  std::optional<Duration> last_output_mono;

  bool empty() const { return lookups == 0 && outputs.compared == 0 && soaked == Duration(0); }
};

// Counts what lookups found. False, and nothing counted, when there was nothing.
bool CountLookups(ShadowEvidence& evidence, const mapcore::DualRun::Counts& counts, const Now& now);
// Counts a report whole. False, and nothing counted, when this instance's batch was counted before
// or the cap on reporters is reached.
bool CountOutputs(ShadowEvidence& evidence, const OutputReport& report, const Now& now);
// Soak passes; the window of the outputs begins anew when it is full.
void Soak(ShadowEvidence& evidence, Duration elapsed);

// Whether comparisons that the soak waits for came within the last `window`.
bool ComparisonsFlow(const ShadowEvidence& evidence, const manifests::Shadow& shadow, Duration mono,
                     Duration window);
// How many of them there are.
std::int64_t ComparisonsOf(const ShadowEvidence& evidence, const manifests::Shadow& shadow);

// Why the versions disagree, with numbers and keys; none while they do not. Before the soak is over
// a share counts as above its limit when a sequential test says so with kShadowAlpha; `ended`: when
// it is above. With a limit of none the first one decides.
std::optional<std::string> DisagreementOf(const ShadowEvidence& evidence,
                                          const manifests::Shadow& shadow, bool ended);

// "12,000 lookups compared, 372 would differ (3.1 %), 4 of them find nothing; 1,204 outputs of 800
// subjects compared, 2 disagree, of 1 subjects (0.125 %)".
std::string ShadowText(const ShadowEvidence& evidence);
// The keys that disagree most, by count: "a (outputs 2, lookups 9), b (lookups 1)".
std::string DisagreeingKeysText(const ShadowEvidence& evidence);
// Names of the keys, most differences first, at most so many.
std::vector<std::string> MostDisagreeing(const ShadowEvidence& evidence, std::size_t most);

}  // namespace portolan::reconciler
