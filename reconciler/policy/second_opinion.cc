#include "reconciler/policy/second_opinion.h"

#include "reconciler/change_view.h"
#include "reconciler/plan_json.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

template <typename Pairs>
Value ObjectOf(const Pairs& pairs) {
  Value::Object object;
  for (const auto& [name, value] : pairs) object.emplace_back(name, value);
  return object;
}

Value ManifestToValue(const manifests::DesiredMap& map) {
  return Value::Object{{"name", map.name},
                       {"labels", ObjectOf(map.labels)},
                       {"annotations", ObjectOf(map.annotations)},
                       {"attributes", map.attributes}};
}

bool IsMasked(const OpinionSubject& subject, std::string_view key) {
  if (subject.plan != nullptr) return IsSensitive(*subject.plan, key);
  return subject.map != nullptr && subject.map->IsSensitive(key);
}

std::string MaskOf(const OpinionSubject& subject, std::string_view key, std::string_view bytes) {
  return subject.plan == nullptr ? MaskedValue(bytes) : MaskedValueOf(*subject.plan, key, bytes);
}

Value EntriesToValue(const OpinionSubject& subject) {
  Value::Object entries;
  if (subject.entries == nullptr) return entries;
  subject.entries->ForEach([&](std::string_view key, std::string_view bytes) {
    auto parsed = manifests::ParseJson(std::string(bytes));
    const bool masked = IsMasked(subject, key) || !parsed.ok();
    entries.emplace_back(std::string(key),
                         masked ? Value(MaskOf(subject, key, bytes)) : *std::move(parsed));
  });
  return entries;
}

// A validator's text, as long as that of a rule may be.
std::string Bounded(std::string text) {
  if (text.size() <= kMessageBytesMax) return text;
  std::size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

void Deny(ValidatorAnswer answer, PolicyVerdict& verdict) {
  verdict.outcome = Outcome::kDeny;
  verdict.denied = static_cast<std::int64_t>(answer.keys.size());
  for (ValidatorAnswer::Key& key : answer.keys)
    if (verdict.keys.size() < kDeniedKeysMax)
      verdict.keys.push_back({std::move(key.key), Bounded(std::move(key.message)), false});
  verdict.message = Bounded(std::move(answer.message));
  if (verdict.message.empty())
    verdict.message = verdict.keys.empty() ? "denied without a message" : verdict.keys[0].message;
}

}  // namespace

Value ValidationRequest(const CompiledPolicy& policy, const TargetFacts& target,
                        const OpinionSubject& subject) {
  Value::Array regions(target.regions.begin(), target.regions.end());
  Value request = Value::Object{{"apiVersion", "portolan.validation/v1"},
                                {"kind", subject.plan != nullptr ? "Plan" : "Live"},
                                {"policy", policy.name()},
                                {"params", policy.manifest->params},
                                {"target", Value::Object{{"name", target.name},
                                                         {"tier", target.tier},
                                                         {"regions", std::move(regions)}}}};
  if (subject.map != nullptr) request.Set("manifest", ManifestToValue(*subject.map));
  if (subject.plan != nullptr) request.Set("plan", MapPlanToValue(*subject.plan));
  request.Set("entries", EntriesToValue(subject));
  return request;
}

PolicyVerdict JudgeByValidator(const CompiledPolicy& policy, const VerdictInputs& inputs,
                               const OpinionSubject& subject, Validators* validators) {
  PolicyVerdict verdict = BeginVerdict(policy);
  if (!Concerns(policy, inputs)) {
    verdict.outcome = Outcome::kSkipped;
    return verdict;
  }
  const std::string& name = policy.manifest->validator;
  verdict.rule = "validator: " + name;
  auto answer = validators == nullptr
                    ? Result<ValidatorAnswer>(Error{
                          ErrorCode::kNotFound,
                          "no validators are configured here; the policy wants \"" + name + "\""})
                    : validators->Ask(name, ValidationRequest(policy, inputs.target, subject));
  if (answer.ok() && answer->allow) return verdict;
  if (answer.ok()) {
    Deny(*std::move(answer), verdict);
  } else {
    verdict.outcome = Outcome::kError;
    verdict.message = "validator " + name + ": " + Bounded(answer.error().message);
  }
  if (inputs.waivers.empty()) return verdict;
  verdict.outcome = Outcome::kWaived;
  verdict.waiver = inputs.waivers.front()->name;
  return verdict;
}

}  // namespace portolan::reconciler
