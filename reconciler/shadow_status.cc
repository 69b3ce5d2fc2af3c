#include "reconciler/shadow_status.h"

#include <algorithm>
#include <cmath>

#include "manifests/entries.h"
#include "reconciler/change_view.h"
#include "reconciler/rollout/step.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

constexpr std::size_t kKeysShown = 20;

Value TimeOrNull(const std::optional<WallTime>& time) {
  return time ? Value(FormatTime(*time)) : Value();
}

Value LookupsStatus(const ShadowEvidence& evidence, const manifests::Shadow& shadow) {
  Value value;
  value.Set("compared", evidence.lookups);
  value.Set("differing", evidence.differing);
  value.Set("lost", evidence.lost);
  value.Set("ratio", evidence.lookups == 0 ? 0.0
                                           : static_cast<double>(evidence.differing) /
                                                 static_cast<double>(evidence.lookups));
  value.Set("maxRatio", shadow.max_lookups_ratio);
  value.Set("lastAt", TimeOrNull(evidence.last_lookup));
  return value;
}

Value OutputsStatus(const ShadowEvidence& evidence, const manifests::Shadow& shadow) {
  const OutputCounts& counts = evidence.outputs;
  Value value;
  value.Set("compared", counts.compared);
  value.Set("disagreeing", counts.disagreeing);
  value.Set("failed", counts.failed);
  value.Set("subjects", counts.Subjects());
  value.Set("badSubjects", counts.BadSubjects());
  value.Set("ratio", counts.BadRatio());
  value.Set("maxRatio", shadow.max_outputs_ratio);
  value.Set("lastAt", TimeOrNull(evidence.last_output));
  return value;
}

Value KeyStatus(const std::string& name, const ShadowKey& key, bool masked) {
  const auto shown = [masked](const std::string& text) {
    return masked && !text.empty() ? MaskedValue(text) : text;
  };
  Value value;
  value.Set("key", name);
  value.Set("planned", key.planned);
  value.Set("differing", key.differing);
  value.Set("lost", key.lost);
  value.Set("disagreeing", key.disagreeing);
  value.Set("failed", key.failed);
  if (key.subject.empty()) return value;
  Value example;
  example.Set("subjectHash", key.subject);
  example.Set("distance", std::isfinite(key.distance) ? Value(key.distance) : Value());
  example.Set("stable", shown(key.stable));
  example.Set("canary", shown(key.canary));
  if (masked) example.Set("masked", true);
  value.Set("example", std::move(example));
  return value;
}

}  // namespace

Value ShadowStatus(const Rollout& r, bool sees_sensitive) {
  if (!r.target || !r.target->strategy.shadow || !ProgressIsOfTarget(r.phase)) return {};
  const manifests::Shadow& shadow = *r.target->strategy.shadow;
  const ShadowEvidence& evidence = r.progress.shadow;
  const std::set<std::string> globs = ServingOf(r).sensitive;
  const std::vector<std::string> sensitive(globs.begin(), globs.end());
  Value::Array keys;
  for (const std::string& name : MostDisagreeing(evidence, kKeysShown))
    keys.push_back(KeyStatus(name, evidence.keys.find(name)->second,
                             !sees_sensitive && manifests::IsSensitiveKey(sensitive, name)));
  const auto seen = std::count_if(evidence.keys.begin(), evidence.keys.end(),
                                  [](const auto& entry) { return entry.second.differing > 0; });
  Value value;
  value.Set("share", shadow.share);
  value.Set("tolerance", shadow.tolerance);
  value.Set("soakMs", evidence.soaked.count());
  value.Set("soakRequiredMs", shadow.soak.count());
  value.Set("lookups", LookupsStatus(evidence, shadow));
  value.Set("outputs", OutputsStatus(evidence, shadow));
  value.Set("changedKeys", r.target->changed_keys);
  value.Set("changedKeysLookedUp", static_cast<std::int64_t>(seen));
  value.Set("keys", std::move(keys));
  value.Set("moreKeys", static_cast<std::int64_t>(evidence.keys.size() -
                                                  std::min(evidence.keys.size(), kKeysShown)));
  value.Set("elsewhere", evidence.elsewhere);
  value.Set("message", ShadowText(evidence));
  return value;
}

}  // namespace portolan::reconciler
