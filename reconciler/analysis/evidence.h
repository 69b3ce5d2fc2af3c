#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "mapcore/traffic_split.h"
#include "reconciler/analysis/subject_sketch.h"

namespace portolan::reconciler {

constexpr std::size_t kBadSubjectsMax = 10'000;  // distinct hashes kept per arm, kind and step
// Of one map of a group. Past that many what failed within the last seconds decides.
constexpr std::size_t kMemberBadSubjectsMax = 256;
constexpr std::size_t kReportersMax = 10'000;
constexpr std::size_t kBadKindsMax = 64;  // kinds of bad events counted apart, per arm and step
constexpr std::size_t kSamplesMax = 20;   // newest kept, per arm and step
constexpr Duration kHardLimitWindow = std::chrono::seconds(30);
// The kind of bad event that is a hard limit: the reporter's process ended on the version.
inline constexpr std::string_view kCrash = "crash";

// The hash by which clients name a subject in reports: the first 8 bytes of SHA-256 over its UTF-8
// bytes, big endian, written as 16 hex digits. Published at /v1/spec/bucketing.
std::uint64_t SubjectHash(std::string_view subject);
// Such a hash as text: JSON numbers of other readers have 53 bits.
std::string HashText(std::uint64_t hash);

// Bad events of one kind, "errors" for example.
struct BadEvents {
  std::int64_t count = 0;
  std::vector<std::uint64_t> subject_hashes;
};

// A client's own words on a failure, a line of its log for example.
struct ReportedSample {
  std::string key;  // the entry that it is about, or empty
  std::string text;
};

// One that was kept: who said it, and when it came.
struct ClientSample {
  mapcore::Arm arm = mapcore::Arm::kStable;
  std::string instance;
  std::string key;
  std::string text;
  WallTime at{};

  friend bool operator==(const ClientSample&, const ClientSample&) = default;
};

// What one instance saw of one arm of a map since its last report.
struct ReportItem {
  Digest digest;
  mapcore::Arm arm = mapcore::Arm::kStable;
  std::uint32_t step = 0;  // 1-based, as lookups echo it
  std::int64_t lookups = 0;
  std::int64_t subjects = 0;  // distinct, new to this instance in this step
  std::map<std::string, BadEvents> bad;
  std::vector<ReportedSample> samples;
  SubjectSketch sketch;  // of subjects, instead of the plain count
  bool matched =
      false;  // its subjects are in the canary by a match rule: no chance chose their arm
};

// What a reporter sent of one map at once; `batch` rises with each of its reports.
struct Report {
  std::string instance;
  std::uint64_t batch = 0;
  std::string map;
  std::vector<ReportItem> items;
  std::string member = {};  // of a group: the map that it is about
};

// What a subject of the evidence is: what lookups are for, or the instance that reports.
enum class EvidenceUnit { kSubject, kInstance };

// What one arm reported within one second, for the hard limit. Matched subjects are left out.
struct RecentCounts {
  Duration second{0};  // monotonic, its beginning
  std::int64_t lookups = 0;
  std::int64_t bad = 0;                  // events
  std::set<std::uint64_t> bad_subjects;  // as many as the limit asks for
};

// Counts of one arm in one step. A subject is bad at most once, however often it fails and whoever
// says so. Matched subjects count in `lookups` and `bad` only.
struct ArmEvidence {
  std::int64_t lookups = 0;
  std::int64_t subjects = 0;                  // plain counts of all reporters, added
  std::map<std::string, std::int64_t> plain;  // the same by reporter
  SubjectSketch sketch;
  std::int64_t bad = 0;                  // events of all kinds
  std::set<std::uint64_t> bad_subjects;  // of all kinds
  std::map<std::string, std::int64_t> bad_by_kind;
  std::map<std::string, std::set<std::uint64_t>> bad_subjects_by_kind;
  // More bad subjects than kBadSubjectsMax, or more kinds than kBadKindsMax: numbers are not known.
  bool overflowed = false;
  std::optional<WallTime> last_report;
  // Monotonic time of the last report; unknown after a restart, when data must be seen to flow
  // anew.
  std::optional<Duration> last_report_mono;
  // Of the last kHardLimitWindow, oldest first; begins anew after a restart.
  std::vector<RecentCounts> recent;

  // Bounds of the number of distinct subjects. Plain counts of several reporters, added, hold a
  // subject once for each of them, so the truth lies between the largest and the sum. A sketch
  // counts with an error of 1.6 %. Equal with one reporter's plain counts.
  std::int64_t SubjectsAtMost() const;
  std::int64_t SubjectsAtLeast() const;
  // Distinct subjects bad in this kind.
  std::int64_t BadOf(const std::string& kind) const;
  // Bad subjects over subjects, 0 without subjects; a lower bound.
  double BadRatio() const;
};

// Counts of one map of a group, for the hard limits only: lookups, subjects, bad subjects up to
// kMemberBadSubjectsMax, and those of the last seconds. Kinds are not told apart.
struct MemberEvidence {
  ArmEvidence stable;
  ArmEvidence canary;

  ArmEvidence& of(mapcore::Arm arm) { return arm == mapcore::Arm::kStable ? stable : canary; }
};

// What a step was judged on so far.
struct StepEvidence {
  ArmEvidence stable;
  ArmEvidence canary;
  std::map<std::string, std::uint64_t> reporters;  // instance -> last batch counted
  std::vector<ClientSample> samples;               // at most kSamplesMax of an arm, newest last
  std::map<std::string, MemberEvidence> members;   // of a group, by map

  const ArmEvidence& of(mapcore::Arm arm) const {
    return arm == mapcore::Arm::kStable ? stable : canary;
  }
  ArmEvidence& of(mapcore::Arm arm) { return arm == mapcore::Arm::kStable ? stable : canary; }
};

// Counts a report whole, all of its items. False, and nothing counted, when this instance's batch
// was counted before or the cap on reporters is reached.
bool Count(StepEvidence& evidence, const Report& report, const Now& now,
           EvidenceUnit unit = EvidenceUnit::kSubject);

// A limit that needs no statistics, or none: a crash on the canary, or more than half of at least
// 20 canary subjects bad while fewer than a quarter of stable's are. The same of lookups in the
// last kHardLimitWindow, by 20 bad subjects at least: what went well before does not dilute a
// failure that comes late. Of a group each map is judged apart, too: those that work do not dilute
// the one that fails. The sentence says the numbers.
std::optional<std::string> BrokenHardLimit(const StepEvidence& evidence);

manifests::Value EvidenceToValue(const StepEvidence& evidence);
Result<StepEvidence> EvidenceFromValue(const manifests::Value& value);

}  // namespace portolan::reconciler
