#include "reconciler/rollout/group_record.h"

#include "reconciler/rollout/expiring_record.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

Error CorruptGroup(std::string_view field) {
  return {ErrorCode::kCorrupt,
          "stored group: field \"" + std::string(field) + "\" is missing or malformed"};
}

// Calls `read` on each item of the array `field`; an absent array has none.
template <typename Read>
Status EachOf(const Value& record, std::string_view field, Read read) {
  const Value* items = record.Find(field);
  if (items == nullptr) return {};
  if (!items->is_array()) return CorruptGroup(field);
  for (const Value& item : items->as_array()) PORTOLAN_CHECK(read(item));
  return {};
}

Result<Digest> DigestOf(const Value& item, std::string_view field) {
  auto digest = Digest::Parse(item.StringOr(field, ""));
  if (!digest.ok()) return CorruptGroup(field);
  return digest;
}

Result<MemberVersion> PartFrom(const Value& item) {
  MemberVersion part;
  part.map = item.StringOr("map", "");
  if (part.map.empty()) return CorruptGroup("members.map");
  PORTOLAN_TRY(part.digest, DigestOf(item, "digest"));
  part.size = item.IntOr("size", 0);
  PORTOLAN_CHECK(EachOf(item, "sensitive", [&](const Value& glob) -> Status {
    if (!glob.is_string()) return CorruptGroup("members.sensitive");
    part.sensitive.push_back(glob.as_string());
    return {};
  }));
  part.heal = HealFrom(item.Find("heal"));
  return part;
}

}  // namespace

void WriteParts(const VersionRef& version, Value& record) {
  if (version.members.empty()) return;
  Value::Array items;
  for (const MemberVersion& part : version.members) {
    Value item;
    item.Set("map", part.map);
    item.Set("digest", part.digest.ToString());
    item.Set("size", part.size);
    if (!part.sensitive.empty())
      item.Set("sensitive", Value::Array(part.sensitive.begin(), part.sensitive.end()));
    item.Set("heal", HealToValue(part.heal));
    items.push_back(std::move(item));
  }
  record.Set("members", std::move(items));
}

Status ReadParts(const Value& record, VersionRef& version) {
  return EachOf(record, "members", [&](const Value& item) -> Status {
    PORTOLAN_TRY(MemberVersion part, PartFrom(item));
    version.members.push_back(std::move(part));
    return {};
  });
}

void WriteChanges(const Quarantine& quarantine, Value& record) {
  if (quarantine.members.empty()) return;
  Value::Array items;
  for (const MemberChange& change : quarantine.members) {
    Value item;
    item.Set("map", change.map);
    item.Set("digest", change.digest.ToString());
    if (change.base) item.Set("base", change.base->ToString());
    items.push_back(std::move(item));
  }
  record.Set("members", std::move(items));
}

Status ReadChanges(const Value& record, Quarantine& quarantine) {
  return EachOf(record, "members", [&](const Value& item) -> Status {
    MemberChange change;
    change.map = item.StringOr("map", "");
    PORTOLAN_TRY(change.digest, DigestOf(item, "digest"));
    if (item.Find("base") != nullptr) {
      PORTOLAN_TRY(change.base, DigestOf(item, "base"));
    }
    quarantine.members.push_back(std::move(change));
    return {};
  });
}

void WritePlans(const Target& target, Value& record) {
  if (target.member_plans.empty()) return;
  Value plans;
  for (const auto& [map, plan] : target.member_plans) plans.Set(map, plan.ToString());
  record.Set("memberPlans", std::move(plans));
}

Status ReadPlans(const Value& record, Target& target) {
  const Value* plans = record.Find("memberPlans");
  if (plans == nullptr) return {};
  if (!plans->is_object()) return CorruptGroup("memberPlans");
  for (const auto& [map, plan] : plans->as_object()) {
    const auto digest = Digest::Parse(plan.is_string() ? plan.as_string() : "");
    if (!digest.ok()) return CorruptGroup("memberPlans");
    target.member_plans[map] = *digest;
  }
  return {};
}

void WriteMembership(const Rollout& rollout, Value& record) {
  if (!rollout.group.empty()) record.Set("group", rollout.group);
  if (rollout.members.empty()) return;
  record.Set("members", Value::Array(rollout.members.begin(), rollout.members.end()));
}

Status ReadMembership(const Value& record, Rollout& rollout) {
  rollout.group = record.StringOr("group", "");
  return EachOf(record, "members", [&](const Value& item) -> Status {
    if (!item.is_string()) return CorruptGroup("members");
    rollout.members.push_back(item.as_string());
    return {};
  });
}

}  // namespace portolan::reconciler
