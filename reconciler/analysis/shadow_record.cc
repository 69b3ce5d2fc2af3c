#include "reconciler/analysis/shadow_record.h"

#include <cmath>
#include <limits>

#include "manifests/record.h"

namespace portolan::reconciler {
namespace {

using manifests::RecordReader;
using manifests::Value;

Value OutputsToValue(const OutputCounts& counts) {
  Value value;
  value.Set("compared", counts.compared);
  value.Set("disagreeing", counts.disagreeing);
  value.Set("failed", counts.failed);
  if (!counts.seen.empty()) value.Set("seen", counts.seen.ToBase64());
  if (!counts.bad.empty()) value.Set("bad", counts.bad.ToBase64());
  return value;
}

Result<SubjectSketch> SketchAt(const Value& value, std::string_view key) {
  auto sketch = SubjectSketch::FromBase64(value.StringOr(key, ""));
  if (sketch.ok()) return sketch;
  return Error{ErrorCode::kCorrupt, "stored shadow sketch: " + sketch.error().message};
}

Result<OutputCounts> OutputsAt(const Value& value, std::string_view key) {
  OutputCounts counts;
  const Value* found = value.Find(key);
  if (found == nullptr) return counts;
  RecordReader reader(*found, "shadow outputs");
  reader.Read("compared", counts.compared);
  reader.Read("disagreeing", counts.disagreeing);
  reader.Read("failed", counts.failed);
  PORTOLAN_CHECK(reader.status());
  PORTOLAN_TRY(counts.seen, SketchAt(*found, "seen"));
  PORTOLAN_TRY(counts.bad, SketchAt(*found, "bad"));
  return counts;
}

Value KeyToValue(const ShadowKey& key) {
  Value value;
  value.Set("differing", key.differing);
  value.Set("lost", key.lost);
  value.Set("disagreeing", key.disagreeing);
  value.Set("failed", key.failed);
  value.Set("planned", key.planned);
  if (key.subject.empty()) return value;
  // JSON has no infinity: absent is that.
  if (std::isfinite(key.distance)) value.Set("distance", key.distance);
  value.Set("subject", key.subject);
  value.Set("stable", key.stable);
  value.Set("canary", key.canary);
  return value;
}

Result<ShadowKey> KeyFromValue(const Value& value) {
  ShadowKey key;
  RecordReader reader(value, "shadow key");
  reader.Read("differing", key.differing);
  reader.Read("lost", key.lost);
  reader.Read("disagreeing", key.disagreeing);
  reader.Read("failed", key.failed);
  reader.Read("planned", key.planned);
  reader.Read("subject", key.subject);
  if (!key.subject.empty()) key.distance = std::numeric_limits<double>::infinity();
  reader.Read("distance", key.distance);
  reader.Read("stable", key.stable);
  reader.Read("canary", key.canary);
  PORTOLAN_CHECK(reader.status());
  return key;
}

Status ReadTime(const Value& value, std::string_view key, std::optional<WallTime>& time) {
  if (value.Find(key) == nullptr) return {};
  const auto parsed = ParseTime(value.StringOr(key, ""));
  if (!parsed.ok())
    return Error{ErrorCode::kCorrupt,
                 "stored shadow: " + std::string(key) + ": " + parsed.error().message};
  time = *parsed;
  return {};
}

}  // namespace

Value ShadowEvidenceToValue(const ShadowEvidence& evidence) {
  Value::Object keys;
  for (const auto& [name, key] : evidence.keys) keys.emplace_back(name, KeyToValue(key));
  Value::Object reporters;
  for (const auto& [instance, batch] : evidence.reporters) reporters.emplace_back(instance, batch);
  Value value;
  value.Set("lookups", evidence.lookups);
  value.Set("differing", evidence.differing);
  value.Set("lost", evidence.lost);
  value.Set("outputs", OutputsToValue(evidence.outputs));
  value.Set("window", OutputsToValue(evidence.window));
  value.Set("windows", evidence.windows);
  value.Set("soakedMs", evidence.soaked.count());
  value.Set("keys", std::move(keys));
  value.Set("elsewhere", evidence.elsewhere);
  value.Set("reporters", std::move(reporters));
  if (evidence.last_lookup) value.Set("lastLookupAt", FormatTime(*evidence.last_lookup));
  if (evidence.last_output) value.Set("lastOutputAt", FormatTime(*evidence.last_output));
  return value;
}

Result<ShadowEvidence> ShadowEvidenceFromValue(const Value& value) {
  ShadowEvidence evidence;
  RecordReader reader(value, "shadow");
  reader.Read("lookups", evidence.lookups);
  reader.Read("differing", evidence.differing);
  reader.Read("lost", evidence.lost);
  reader.Read("windows", evidence.windows);
  reader.Read("soakedMs", evidence.soaked);
  reader.Read("elsewhere", evidence.elsewhere);
  PORTOLAN_CHECK(reader.status());
  PORTOLAN_TRY(evidence.outputs, OutputsAt(value, "outputs"));
  PORTOLAN_TRY(evidence.window, OutputsAt(value, "window"));
  if (const Value* keys = value.Find("keys"); keys != nullptr && keys->is_object())
    for (const auto& [name, key] : keys->as_object()) {
      PORTOLAN_TRY(evidence.keys[name], KeyFromValue(key));
    }
  if (const Value* reporters = value.Find("reporters");
      reporters != nullptr && reporters->is_object())
    for (const auto& [instance, batch] : reporters->as_object())
      if (batch.is_int()) evidence.reporters[instance] = static_cast<std::uint64_t>(batch.as_int());
  PORTOLAN_CHECK(ReadTime(value, "lastLookupAt", evidence.last_lookup));
  PORTOLAN_CHECK(ReadTime(value, "lastOutputAt", evidence.last_output));
  return evidence;
}

}  // namespace portolan::reconciler
