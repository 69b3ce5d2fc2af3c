#include "reconciler/analysis/evidence.h"

#include <charconv>
#include <cstdio>

namespace portolan::reconciler {
namespace {

using manifests::Value;

constexpr std::int64_t kHardLimitSubjects = 20;
constexpr double kHardLimitCanary = 0.5;
constexpr double kHardLimitStable = 0.25;

std::string HashText(std::uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

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

void AddHashes(std::set<std::uint64_t>& into, const std::vector<std::uint64_t>& hashes) {
  for (const std::uint64_t hash : hashes)
    if (into.size() < kBadSubjectsMax) into.insert(hash);
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

std::uint64_t SubjectHash(std::string_view subject) {
  const Digest digest = Sha256Of(subject);
  std::uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = hash << 8 | digest.bytes()[static_cast<std::size_t>(i)];
  return hash;
}

double ArmEvidence::BadRatio() const {
  const auto bad_count = static_cast<double>(bad_subjects.size());
  const double seen = std::max(static_cast<double>(subjects), bad_count);
  return seen == 0 ? 0 : bad_count / seen;
}

bool Count(StepEvidence& evidence, const Report& report, const Now& now) {
  const auto known = evidence.reporters.find(report.instance);
  if (known == evidence.reporters.end()) {
    if (evidence.reporters.size() >= kReportersMax) return false;
    evidence.reporters.emplace(report.instance, report.batch);
  } else {
    if (report.batch <= known->second) return false;
    known->second = report.batch;
  }
  const ReportItem& item = report.item;
  ArmEvidence& arm = evidence.of(item.arm);
  arm.lookups += item.lookups;
  arm.subjects += item.subjects;
  arm.last_report = now.wall;
  arm.last_report_mono = now.mono;
  for (const auto& [kind, events] : item.bad) {
    arm.bad += events.count;
    arm.bad_by_kind[kind] += events.count;
    AddHashes(arm.bad_subjects, events.subject_hashes);
    AddHashes(arm.bad_subjects_by_kind[kind], events.subject_hashes);
  }
  if (item.arm == mapcore::Arm::kCanary) {
    evidence.samples.insert(evidence.samples.end(), item.samples.begin(), item.samples.end());
    if (evidence.samples.size() > kSamplesMax)
      evidence.samples.erase(evidence.samples.begin(),
                             evidence.samples.end() - static_cast<std::ptrdiff_t>(kSamplesMax));
  }
  return true;
}

std::optional<std::string> BrokenHardLimit(const StepEvidence& evidence) {
  const ArmEvidence& canary = evidence.canary;
  const auto bad = static_cast<std::int64_t>(canary.bad_subjects.size());
  const std::int64_t seen = std::max(canary.subjects, bad);
  if (seen < kHardLimitSubjects || canary.BadRatio() <= kHardLimitCanary) return std::nullopt;
  if (evidence.stable.BadRatio() >= kHardLimitStable) return std::nullopt;
  char stable[32];
  std::snprintf(stable, sizeof stable, "%.1f %%", 100 * evidence.stable.BadRatio());
  return std::to_string(bad) + " of " + std::to_string(seen) +
         " subjects on the new version failed (limit: 50 % of at least 20), on stable " + stable;
}

Value EvidenceToValue(const StepEvidence& evidence) {
  Value::Object reporters;
  for (const auto& [instance, batch] : evidence.reporters) reporters.emplace_back(instance, batch);
  Value::Array samples(evidence.samples.begin(), evidence.samples.end());
  Value value;
  value.Set("stable", ArmToValue(evidence.stable));
  value.Set("canary", ArmToValue(evidence.canary));
  value.Set("reporters", std::move(reporters));
  value.Set("samples", std::move(samples));
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
    for (const Value& sample : samples->as_array())
      if (sample.is_string()) evidence.samples.push_back(sample.as_string());
  return evidence;
}

}  // namespace portolan::reconciler
