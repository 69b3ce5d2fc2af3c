#include "reconciler/policy/report_json.h"

#include "manifests/record.h"

namespace portolan::reconciler {
namespace {

using manifests::RecordReader;
using manifests::Value;

template <typename Enum, std::size_t N>
std::string_view NameOf(Enum value, const std::array<std::string_view, N>& names) {
  return names[static_cast<std::size_t>(value)];
}

Value KeysToValue(const PolicyVerdict& verdict) {
  Value::Array keys;
  for (const DeniedKey& key : verdict.keys)
    keys.push_back(Value::Object{{"key", key.key}, {"message", key.message}, {"error", key.error}});
  return keys;
}

Value ValuesToValue(const PolicyVerdict& verdict) {
  Value::Array values;
  for (const VerdictValue& value : verdict.values)
    values.push_back(
        Value::Object{{"offset", value.offset}, {"text", value.text}, {"value", value.value}});
  return values;
}

Value VerdictToValue(const PolicyVerdict& verdict) {
  Value value = Value::Object{{"policy", verdict.policy},
                              {"policyDigest", verdict.policy_digest.ToString()},
                              {"level", NameOf(verdict.level, manifests::kPolicyLevelNames)},
                              {"scope", NameOf(verdict.scope, manifests::kPolicyScopeNames)},
                              {"outcome", OutcomeName(verdict.outcome)},
                              {"message", verdict.message},
                              {"place", verdict.place},
                              {"rule", verdict.rule},
                              {"cost", verdict.cost},
                              {"values", ValuesToValue(verdict)},
                              {"explanation", verdict.explanation}};
  if (!verdict.keys.empty()) {
    value.Set("key", verdict.keys.front().key);
    value.Set("denied", verdict.denied);
    value.Set("keys", KeysToValue(verdict));
  }
  if (!verdict.waiver.empty()) value.Set("waiver", verdict.waiver);
  if (verdict.override_note)
    value.Set("override", Value::Object{{"by", verdict.override_note->by},
                                        {"reason", verdict.override_note->reason}});
  return value;
}

void ReadDigest(RecordReader& reader, std::string_view key, Digest& target) {
  std::string text;
  reader.Read(key, text);
  if (text.empty()) return;
  const auto digest = Digest::Parse(text);
  if (digest.ok())
    target = *digest;
  else
    reader.Fail(key);
}

template <typename Number>
void ReadCount(RecordReader& reader, std::string_view key, Number& target) {
  std::int64_t count = 0;
  reader.Read(key, count);
  target = static_cast<Number>(count);
}

Status ReadKeys(RecordReader& reader, PolicyVerdict& verdict) {
  for (const Value& item : reader.Items("keys")) {
    DeniedKey key;
    RecordReader member(item, "denied key");
    member.Read("key", key.key);
    member.Read("message", key.message);
    key.error = item.BoolOr("error", false);
    PORTOLAN_CHECK(member.status());
    verdict.keys.push_back(std::move(key));
  }
  for (const Value& item : reader.Items("values")) {
    VerdictValue value;
    RecordReader member(item, "verdict's value");
    ReadCount(member, "offset", value.offset);
    member.Read("text", value.text);
    member.Read("value", value.value);
    PORTOLAN_CHECK(member.status());
    verdict.values.push_back(std::move(value));
  }
  return {};
}

Result<PolicyVerdict> VerdictFromValue(const Value& value) {
  PolicyVerdict verdict;
  RecordReader reader(value, "verdict");
  reader.Read("policy", verdict.policy);
  ReadDigest(reader, "policyDigest", verdict.policy_digest);
  reader.ReadEnum("level", manifests::kPolicyLevelNames, verdict.level);
  reader.ReadEnum("scope", manifests::kPolicyScopeNames, verdict.scope);
  reader.ReadEnum("outcome", kOutcomeNames, verdict.outcome);
  reader.Read("message", verdict.message);
  reader.Read("place", verdict.place);
  reader.Read("rule", verdict.rule);
  ReadCount(reader, "cost", verdict.cost);
  reader.Read("denied", verdict.denied);
  reader.Read("explanation", verdict.explanation);
  reader.Read("waiver", verdict.waiver);
  PORTOLAN_CHECK(ReadKeys(reader, verdict));
  if (const Value* note = value.Find("override"); note != nullptr)
    verdict.override_note = OverrideNote{std::string(note->StringOr("by", "")),
                                         std::string(note->StringOr("reason", ""))};
  PORTOLAN_CHECK(reader.status());
  return verdict;
}

}  // namespace

Value ReportToValue(const PolicyReport& report) {
  Value::Array verdicts;
  for (const PolicyVerdict& verdict : report.verdicts) verdicts.push_back(VerdictToValue(verdict));
  return Value::Object{{"map", report.map},
                       {"plan", report.plan.empty() ? "" : report.plan.ToString()},
                       {"policies", report.policies.ToString()},
                       {"at", FormatTime(report.at)},
                       {"blocked", report.blocked()},
                       {"cost", report.cost},
                       {"verdicts", std::move(verdicts)}};
}

Result<PolicyReport> ReportFromValue(const Value& value) {
  PolicyReport report;
  RecordReader reader(value, "policy report");
  reader.Read("map", report.map);
  ReadDigest(reader, "plan", report.plan);
  ReadDigest(reader, "policies", report.policies);
  std::string at;
  reader.Read("at", at);
  if (const auto time = ParseTime(at); time.ok())
    report.at = *time;
  else
    reader.Fail("at");
  ReadCount(reader, "cost", report.cost);
  for (const Value& item : reader.Items("verdicts")) {
    PORTOLAN_TRY(PolicyVerdict verdict, VerdictFromValue(item));
    report.verdicts.push_back(std::move(verdict));
  }
  PORTOLAN_CHECK(reader.status());
  return report;
}

}  // namespace portolan::reconciler
