#include "reconciler/policy/context_record.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

Value Strings(const std::vector<std::string>& strings) {
  return Value::Array(strings.begin(), strings.end());
}

Error Corrupt(std::string_view field) {
  return {ErrorCode::kCorrupt,
          "record of a judgement: field \"" + std::string(field) + "\" is missing or malformed"};
}

Result<WallTime> TimeAt(const Value& value, std::string_view field) {
  auto time = ParseTime(value.StringOr(field, ""));
  if (!time.ok()) return Corrupt(field);
  return time;
}

Value ApprovalToValue(const ApprovalFacts& approval) {
  return Value::Object{{"by", approval.by},
                       {"plan", approval.plan},
                       {"groups", Strings(approval.groups)},
                       {"at", FormatTime(approval.at)}};
}

Value OverrideToValue(const PolicyOverride& each) {
  return Value::Object{{"policy", each.policy},
                       {"plan", each.plan.ToString()},
                       {"policyDigest", each.policy_digest.ToString()},
                       {"by", each.note.by},
                       {"reason", each.note.reason},
                       {"groups", Strings(each.groups)}};
}

Result<PolicyOverride> OverrideFrom(const Value& value) {
  PolicyOverride each;
  each.policy = value.StringOr("policy", "");
  PORTOLAN_TRY(each.plan, Digest::Parse(value.StringOr("plan", "")));
  PORTOLAN_TRY(each.policy_digest, Digest::Parse(value.StringOr("policyDigest", "")));
  each.note = {std::string(value.StringOr("by", "")), std::string(value.StringOr("reason", ""))};
  each.groups = value.StringsAt("groups");
  return each;
}

template <typename Read>
Status EachAt(const Value& value, std::string_view field, Read read) {
  const Value* items = value.Find(field);
  if (items == nullptr || !items->is_array()) return Corrupt(field);
  for (const Value& item : items->as_array()) PORTOLAN_CHECK(read(item));
  return {};
}

}  // namespace

Value JudgedInToValue(const JudgeContext& context, const std::vector<PolicyOverride>& overrides) {
  Value::Array approvals, lifted;
  for (const ApprovalFacts& approval : context.approvals)
    approvals.push_back(ApprovalToValue(approval));
  for (const PolicyOverride& each : overrides) lifted.push_back(OverrideToValue(each));
  Value record = Value::Object{
      {"at", FormatTime(context.now)},
      {"target", Value::Object{{"name", context.target.name},
                               {"tier", context.target.tier},
                               {"regions", Strings(context.target.regions)}}},
      {"actor", Value::Object{{"name", context.actor.name},
                              {"kind", context.actor.kind},
                              {"groups", Strings(context.actor.groups)},
                              {"source", context.actor.source}}},
      {"signers", Strings(context.commit.signers)},
      {"paths", Strings(context.commit.paths)},
      {"descendsFromLive", context.commit.descends_from_live},
      {"approvals", std::move(approvals)},
      {"overrides", std::move(lifted)},
      {"drift", Value::Object{{"total", context.drift.total}, {"drifted", context.drift.drifted}}}};
  if (context.masked.empty()) return record;
  Value::Object masked;
  for (const auto& [map, globs] : context.masked) masked.emplace_back(map, Strings(globs));
  record.Set("masked", std::move(masked));
  return record;
}

Result<JudgedIn> JudgedInFromValue(const Value& value) {
  JudgedIn judged;
  JudgeContext& context = judged.context;
  PORTOLAN_TRY(context.now, TimeAt(value, "at"));
  const Value* target = value.Find("target");
  const Value* actor = value.Find("actor");
  const Value* drift = value.Find("drift");
  if (target == nullptr || actor == nullptr || drift == nullptr)
    return Corrupt("target, actor or drift");
  context.target = {std::string(target->StringOr("name", "")),
                    std::string(target->StringOr("tier", "")), target->StringsAt("regions")};
  context.actor = {std::string(actor->StringOr("name", "")),
                   std::string(actor->StringOr("kind", "")), actor->StringsAt("groups"),
                   std::string(actor->StringOr("source", ""))};
  context.commit = {value.StringsAt("signers"), value.StringsAt("paths"),
                    value.BoolOr("descendsFromLive", true)};
  context.drift = {drift->IntOr("total", 0), drift->IntOr("drifted", 0)};
  if (const Value* masked = value.Find("masked"); masked != nullptr) {
    if (!masked->is_object()) return Corrupt("masked");
    for (const auto& [map, globs] : masked->as_object())
      context.masked[map] = masked->StringsAt(map);
  }
  PORTOLAN_CHECK(EachAt(value, "approvals", [&](const Value& item) -> Status {
    PORTOLAN_TRY(const WallTime at, TimeAt(item, "at"));
    context.approvals.push_back({std::string(item.StringOr("by", "")),
                                 std::string(item.StringOr("plan", "")), item.StringsAt("groups"),
                                 at});
    return {};
  }));
  PORTOLAN_CHECK(EachAt(value, "overrides", [&](const Value& item) -> Status {
    PORTOLAN_TRY(PolicyOverride each, OverrideFrom(item));
    judged.overrides.push_back(std::move(each));
    return {};
  }));
  return judged;
}

}  // namespace portolan::reconciler
