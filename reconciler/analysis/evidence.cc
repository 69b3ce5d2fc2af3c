#include "reconciler/analysis/evidence.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

// What is counted, and why so. Subjects, not lookups: one client that retries a thousand times is
// one unhappy subject, and a test on lookups would take its retries for a thousand witnesses. A
// subject is bad once, by a hash that all reporters make alike. Numbers of subjects are needed as
// bounds only: several reporters may have seen the same ones, so tests use whichever bound makes
// them slower to accuse or to acquit. Every container that reporters fill has a limit here, since
// the whole is written to the store each second.

namespace portolan::reconciler {
namespace {

using manifests::Value;

// The hard limit is for what needs no statistics: most of at least 20 fail, and stable does not.
constexpr std::int64_t kHardLimitSubjects = 20;
constexpr double kHardLimitCanary = 0.5;
constexpr double kHardLimitStable = 0.25;
// Of a kind of bad event: no metric can name a longer one (manifests/analysis_template.cc).
constexpr std::size_t kKindBytesMax = 63;

Value HashesToValue(const std::set<std::uint64_t>& hashes) {
  Value::Array items;
  items.reserve(hashes.size());
  for (const std::uint64_t hash : hashes) items.emplace_back(HashText(hash));
  return items;
}

Result<std::set<std::uint64_t>> HashesFromValue(const Value* value) {
  std::set<std::uint64_t> hashes;
  if (value == nullptr || !value->is_array()) return hashes;
  for (const Value& item : value->as_array()) {
    std::uint64_t hash = 0;
    if (!item.is_string()) return Error{ErrorCode::kCorrupt, "a stored subject hash is no text"};
    const std::string& text = item.as_string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
    if (error != std::errc() || end != text.data() + text.size())
      return Error{ErrorCode::kCorrupt,
                   "a stored subject hash is \"" + text + "\", expected 16 hex digits"};
    hashes.insert(hash);
  }
  return hashes;
}

// False when the set is full.
// One that is known already still counts as added.
bool AddHashes(std::set<std::uint64_t>& into, const std::vector<std::uint64_t>& hashes) {
  for (const std::uint64_t hash : hashes) {
    if (into.size() >= kBadSubjectsMax && !into.contains(hash)) return false;
    into.insert(hash);
  }
  return true;
}

// Whether the arm keeps counts of this kind of bad event. Reporters choose the names: without a
// limit they could grow the record of a rollout past what the store takes, and stop it. A kind that
// some metric may judge and that finds no place leaves the arm overflowed, hence inconclusive: it
// is not known to be good. A crash, which is a hard limit, always finds one.
bool KeepsKind(ArmEvidence& arm, const std::string& kind) {
  if (arm.bad_by_kind.contains(kind) || kind == kCrash) return true;
  if (kind.size() > kKindBytesMax) return false;
  if (arm.bad_by_kind.size() < kBadKindsMax) return true;
  arm.overflowed = true;
  return false;
}

// A report has either a sketch or a plain count; both may come from different reporters.
void CountSubjects(ArmEvidence& arm, const Report& report, const ReportItem& item,
                   EvidenceUnit unit) {
  if (unit == EvidenceUnit::kInstance) return arm.sketch.Add(SubjectHash(report.instance));
  arm.sketch.Merge(item.sketch);
  if (item.subjects == 0) return;
  arm.subjects += item.subjects;
  arm.plain[report.instance] += item.subjects;
}

std::vector<std::uint64_t> HashesOf(const BadEvents& events, const Report& report,
                                    EvidenceUnit unit) {
  if (unit == EvidenceUnit::kSubject) return events.subject_hashes;
  return std::vector<std::uint64_t>(events.count > 0 ? 1 : 0, SubjectHash(report.instance));
}

void CountRecent(ArmEvidence& arm, const Report& report, const ReportItem& item,
                 const EvidenceUnit unit, Duration mono) {
  std::erase_if(arm.recent, [&](const RecentCounts& counts) {
    return mono - counts.second > kHardLimitWindow;
  });
  if (item.matched) return;
  const Duration second = mono - mono % std::chrono::seconds(1);
  if (arm.recent.empty() || arm.recent.back().second != second)
    arm.recent.push_back({.second = second, .lookups = 0, .bad = 0, .bad_subjects = {}});
  RecentCounts& counts = arm.recent.back();
  counts.lookups += item.lookups;
  for (const auto& [kind, events] : item.bad) {
    counts.bad += events.count;
    for (const std::uint64_t hash : HashesOf(events, report, unit))
      if (counts.bad_subjects.size() < static_cast<std::size_t>(kHardLimitSubjects))
        counts.bad_subjects.insert(hash);
  }
}

void CountItem(ArmEvidence& arm, const Report& report, const ReportItem& item, EvidenceUnit unit) {
  arm.lookups += item.lookups;
  if (!item.matched) CountSubjects(arm, report, item, unit);
  for (const auto& [kind, events] : item.bad) {
    arm.bad += events.count;
    const bool kept = KeepsKind(arm, kind);
    if (kept) arm.bad_by_kind[kind] += events.count;
    if (item.matched) continue;
    const std::vector<std::uint64_t> hashes = HashesOf(events, report, unit);
    const bool all = AddHashes(arm.bad_subjects, hashes);
    const bool of_kind = !kept || AddHashes(arm.bad_subjects_by_kind[kind], hashes);
    if (!all || !of_kind) arm.overflowed = true;
  }
}

void CountMember(ArmEvidence& arm, const Report& report, const ReportItem& item,
                 EvidenceUnit unit) {
  arm.lookups += item.lookups;
  if (item.matched) return;
  CountSubjects(arm, report, item, unit);
  for (const auto& [kind, events] : item.bad) {
    arm.bad += events.count;
    for (const std::uint64_t hash : HashesOf(events, report, unit))
      if (arm.bad_subjects.size() < kMemberBadSubjectsMax) arm.bad_subjects.insert(hash);
  }
}

// The newest: what fails now is what a person looks for.
// Of each arm apart: an outage on stable must not push out the few words of a small canary.
void KeepSamples(StepEvidence& evidence, const Report& report, const ReportItem& item,
                 WallTime now) {
  std::vector<ClientSample>& kept = evidence.samples;
  for (const ReportedSample& sample : item.samples)
    kept.push_back({item.arm, report.instance, sample.key, sample.text, now});
  const auto of_arm = [&item](const ClientSample& sample) { return sample.arm == item.arm; };
  auto surplus = std::ranges::count_if(kept, of_arm) - static_cast<std::ptrdiff_t>(kSamplesMax);
  std::erase_if(kept, [&](const ClientSample& sample) { return of_arm(sample) && surplus-- > 0; });
}

Value SampleToValue(const ClientSample& sample) {
  Value value;
  value.Set("arm", mapcore::ArmName(sample.arm));
  value.Set("instance", sample.instance);
  value.Set("key", sample.key);
  value.Set("text", sample.text);
  value.Set("at", FormatTime(sample.at));
  return value;
}

// A text alone stands in records of the versions that kept no more, and those of the canary only.
Result<ClientSample> SampleFrom(const Value& value) {
  ClientSample sample;
  sample.arm = mapcore::Arm::kCanary;
  if (value.is_string()) {
    sample.text = value.as_string();
    return sample;
  }
  if (value.StringOr("arm", "") == mapcore::ArmName(mapcore::Arm::kStable))
    sample.arm = mapcore::Arm::kStable;
  sample.instance = value.StringOr("instance", "");
  sample.key = value.StringOr("key", "");
  sample.text = value.StringOr("text", "");
  PORTOLAN_TRY(sample.at, ParseTime(value.StringOr("at", "")));
  return sample;
}

Value ArmToValue(const ArmEvidence& arm) {
  Value::Object kinds;
  for (const auto& [kind, count] : arm.bad_by_kind) {
    Value entry;
    entry.Set("count", count);
    const auto subjects = arm.bad_subjects_by_kind.find(kind);
    if (subjects != arm.bad_subjects_by_kind.end())
      entry.Set("subjects", HashesToValue(subjects->second));
    kinds.emplace_back(kind, std::move(entry));
  }
  Value value;
  value.Set("lookups", arm.lookups);
  value.Set("subjects", arm.subjects);
  if (!arm.plain.empty()) {
    Value::Object plain;
    for (const auto& [instance, count] : arm.plain) plain.emplace_back(instance, count);
    value.Set("plain", std::move(plain));
  }
  if (!arm.sketch.empty()) value.Set("sketch", arm.sketch.ToBase64());
  if (arm.overflowed) value.Set("overflowed", true);
  value.Set("bad", arm.bad);
  value.Set("badSubjects", HashesToValue(arm.bad_subjects));
  value.Set("kinds", std::move(kinds));
  if (arm.last_report) value.Set("lastReportAt", FormatTime(*arm.last_report));
  return value;
}

Result<ArmEvidence> ArmFromValue(const Value* value) {
  ArmEvidence arm;
  if (value == nullptr) return arm;
  arm.lookups = value->IntOr("lookups", 0);
  arm.subjects = value->IntOr("subjects", 0);
  if (const Value* plain = value->Find("plain"); plain != nullptr && plain->is_object())
    for (const auto& [instance, count] : plain->as_object())
      if (count.is_int()) arm.plain[instance] = count.as_int();
  auto sketch = SubjectSketch::FromBase64(value->StringOr("sketch", ""));
  if (!sketch.ok()) return Error{ErrorCode::kCorrupt, "stored sketch: " + sketch.error().message};
  arm.sketch = std::move(sketch).value();
  arm.overflowed = value->BoolOr("overflowed", false);
  arm.bad = value->IntOr("bad", 0);
  PORTOLAN_TRY(arm.bad_subjects, HashesFromValue(value->Find("badSubjects")));
  if (const Value* kinds = value->Find("kinds"); kinds != nullptr && kinds->is_object()) {
    for (const auto& [kind, entry] : kinds->as_object()) {
      arm.bad_by_kind[kind] = entry.IntOr("count", 0);
      PORTOLAN_TRY(arm.bad_subjects_by_kind[kind], HashesFromValue(entry.Find("subjects")));
    }
  }
  if (const auto at = value->StringOr("lastReportAt", ""); !at.empty()) {
    PORTOLAN_TRY(arm.last_report, ParseTime(at));
  }
  return arm;
}

}  // namespace

// Big endian, as the hex digits of sha256sum read.
std::uint64_t SubjectHash(std::string_view subject) {
  const Digest digest = Sha256Of(subject);
  std::uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = hash << 8 | digest.bytes()[static_cast<std::size_t>(i)];
  return hash;
}

std::string HashText(std::uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::int64_t ArmEvidence::SubjectsAtMost() const {
  const auto sketched = static_cast<std::int64_t>(std::llround(sketch.Estimate()));
  return std::max(subjects + sketched, static_cast<std::int64_t>(bad_subjects.size()));
}

std::int64_t ArmEvidence::SubjectsAtLeast() const {
  // Two standard errors below the estimate; of a few subjects an estimate is exact.
  const double estimate = sketch.Estimate();
  const double low = estimate * (1 - 2 * SubjectSketch::kStandardError);
  auto least = std::max(static_cast<std::int64_t>(std::llround(low)),
                        static_cast<std::int64_t>(bad_subjects.size()));
  for (const auto& [reporter, count] : plain) least = std::max(least, count);
  return least;
}

std::int64_t ArmEvidence::BadOf(const std::string& kind) const {
  const auto found = bad_subjects_by_kind.find(kind);
  return found == bad_subjects_by_kind.end() ? 0 : static_cast<std::int64_t>(found->second.size());
}

double ArmEvidence::BadRatio() const {
  const std::int64_t seen = SubjectsAtMost();
  return seen == 0 ? 0 : static_cast<double>(bad_subjects.size()) / static_cast<double>(seen);
}

bool Count(StepEvidence& evidence, const Report& report, const Now& now, EvidenceUnit unit) {
  const auto known = evidence.reporters.find(report.instance);
  if (known == evidence.reporters.end()) {
    if (evidence.reporters.size() >= kReportersMax) return false;
    evidence.reporters.emplace(report.instance, report.batch);
  } else {
    // A repeated batch is one whose answer was lost: HTTP clients retry. A client that restarts
    // goes on from a higher number, the time for one.
    if (report.batch <= known->second) return false;
    known->second = report.batch;
  }
  for (const ReportItem& item : report.items) {
    ArmEvidence& arm = evidence.of(item.arm);
    CountItem(arm, report, item, unit);
    CountRecent(arm, report, item, unit, now.mono);
    arm.last_report = now.wall;
    arm.last_report_mono = now.mono;
    KeepSamples(evidence, report, item, now.wall);
    if (report.member.empty()) continue;
    ArmEvidence& own = evidence.members[report.member].of(item.arm);
    CountMember(own, report, item, unit);
    CountRecent(own, report, item, unit, now.mono);
  }
  return true;
}

namespace {

struct WindowCounts {
  std::int64_t lookups = 0;
  std::int64_t bad = 0;
  std::set<std::uint64_t> bad_subjects;

  double Ratio() const {
    return lookups == 0 ? 0 : static_cast<double>(bad) / static_cast<double>(lookups);
  }
};

WindowCounts SumOf(const ArmEvidence& arm, Duration newest) {
  WindowCounts sum;
  for (const RecentCounts& counts : arm.recent) {
    if (newest - counts.second > kHardLimitWindow) continue;
    sum.lookups += counts.lookups;
    sum.bad += counts.bad;
    sum.bad_subjects.insert(counts.bad_subjects.begin(), counts.bad_subjects.end());
  }
  return sum;
}

// The limit over the last seconds. Subjects cannot be the measure here: clients count a subject
// once a step, when they see it first.
std::optional<std::string> BrokenRecently(const ArmEvidence& on_canary,
                                          const ArmEvidence& on_stable) {
  if (on_canary.recent.empty()) return std::nullopt;
  const Duration newest = on_canary.recent.back().second;
  const WindowCounts canary = SumOf(on_canary, newest);
  const auto subjects = static_cast<std::int64_t>(canary.bad_subjects.size());
  if (subjects < kHardLimitSubjects || canary.Ratio() <= kHardLimitCanary) return std::nullopt;
  const WindowCounts stable = SumOf(on_stable, newest);
  // Stable reported before and is silent now: nothing is known of what happens there. In the bake
  // there is no stable arm, and never a report of it.
  const bool unknown = stable.lookups == 0 && on_stable.lookups > 0;
  if (unknown || stable.Ratio() >= kHardLimitStable) return std::nullopt;
  char text[256];
  const int length = std::snprintf(
      text, sizeof text,
      "%lld of %lld lookups on the new version failed within 30 s, of at least %lld subjects "
      "(limit: 50 %% of at least 20)",
      static_cast<long long>(canary.bad), static_cast<long long>(canary.lookups),
      static_cast<long long>(subjects));
  if (stable.lookups > 0)
    std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length),
                  ", on stable %.1f %%", 100 * stable.Ratio());
  return text;
}

std::optional<std::string> BrokenShare(const ArmEvidence& canary, const ArmEvidence& on_stable) {
  const auto bad = static_cast<std::int64_t>(canary.bad_subjects.size());
  const std::int64_t seen = canary.SubjectsAtMost();
  if (seen < kHardLimitSubjects || canary.BadRatio() <= kHardLimitCanary ||
      on_stable.BadRatio() >= kHardLimitStable)
    return BrokenRecently(canary, on_stable);
  char stable[32];
  std::snprintf(stable, sizeof stable, "%.1f %%", 100 * on_stable.BadRatio());
  return std::to_string(bad) + " of " + std::to_string(seen) +
         " subjects on the new version failed (limit: 50 % of at least 20), on stable " + stable;
}

}  // namespace

std::optional<std::string> BrokenHardLimit(const StepEvidence& evidence) {
  const auto crashes = evidence.canary.bad_by_kind.find(std::string(kCrash));
  if (crashes != evidence.canary.bad_by_kind.end() && crashes->second > 0)
    return "a client reports a crash on the new version";
  for (const auto& [map, member] : evidence.members)
    if (const auto broken = BrokenShare(member.canary, member.stable))
      return "map \"" + map + "\": " + *broken;
  return BrokenShare(evidence.canary, evidence.stable);
}

Value EvidenceToValue(const StepEvidence& evidence) {
  Value::Object reporters;
  for (const auto& [instance, batch] : evidence.reporters) reporters.emplace_back(instance, batch);
  Value::Array samples;
  for (const ClientSample& sample : evidence.samples) samples.push_back(SampleToValue(sample));
  Value value;
  value.Set("stable", ArmToValue(evidence.stable));
  value.Set("canary", ArmToValue(evidence.canary));
  value.Set("reporters", std::move(reporters));
  value.Set("samples", std::move(samples));
  if (evidence.members.empty()) return value;
  Value::Object members;
  for (const auto& [map, member] : evidence.members)
    members.emplace_back(map, Value::Object{{"stable", ArmToValue(member.stable)},
                                            {"canary", ArmToValue(member.canary)}});
  value.Set("members", std::move(members));
  return value;
}

Result<StepEvidence> EvidenceFromValue(const Value& value) {
  StepEvidence evidence;
  PORTOLAN_TRY(evidence.stable, ArmFromValue(value.Find("stable")));
  PORTOLAN_TRY(evidence.canary, ArmFromValue(value.Find("canary")));
  if (const Value* reporters = value.Find("reporters");
      reporters != nullptr && reporters->is_object())
    for (const auto& [instance, batch] : reporters->as_object())
      if (batch.is_int()) evidence.reporters[instance] = static_cast<std::uint64_t>(batch.as_int());
  if (const Value* samples = value.Find("samples"); samples != nullptr && samples->is_array())
    for (const Value& item : samples->as_array()) {
      PORTOLAN_TRY(ClientSample sample, SampleFrom(item));
      evidence.samples.push_back(std::move(sample));
    }
  if (const Value* members = value.Find("members"); members != nullptr && members->is_object())
    for (const auto& [map, arms] : members->as_object()) {
      MemberEvidence& member = evidence.members[map];
      PORTOLAN_TRY(member.stable, ArmFromValue(arms.Find("stable")));
      PORTOLAN_TRY(member.canary, ArmFromValue(arms.Find("canary")));
    }
  return evidence;
}

}  // namespace portolan::reconciler
