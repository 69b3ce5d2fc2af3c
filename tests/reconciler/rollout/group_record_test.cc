#include "reconciler/rollout/group_record.h"

#include <gtest/gtest.h>

#include "reconciler/rollout/group.h"
#include "reconciler/rollout/record.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

VersionRef Version(const std::string& content) {
  VersionRef version;
  version.members = {{"limits", Sha256Of("l" + content), 3, {"token/*"}, {false, Duration(5'000)}},
                     {"prices", Sha256Of("p" + content), 4, {}, {}}};
  version.digest = GroupDigest(version.members);
  return version;
}

TEST(GroupRecord, ComesBackAsItWas) {
  Rollout group;
  group.map = "group/edge";
  group.members = {"limits", "prices"};
  group.stable = Version("1");
  group.target.emplace();
  group.target->version = Version("2");
  group.target->strategy = manifests::DefaultStrategy();
  group.target->member_plans = {{"limits", Sha256Of("plan")}};
  group.quarantine.push_back({});
  group.quarantine[0].members = {{"limits", Sha256Of("bad"), Sha256Of("base")},
                                 {"prices", Sha256Of("new"), std::nullopt}};
  const Value record = RolloutToValue(group);
  EXPECT_EQ(record.IntOr("format", 0), kRolloutFormat);
  const Rollout back = RolloutFromValue(record).value();
  EXPECT_EQ(back.members, group.members);
  ASSERT_EQ(back.stable->members.size(), 2u);
  EXPECT_EQ(back.stable->members[0].sensitive, std::vector<std::string>{"token/*"});
  EXPECT_EQ(back.stable->members[0].heal, group.stable->members[0].heal);
  EXPECT_EQ(GroupDigest(back.stable->members), group.stable->digest);
  EXPECT_EQ(back.target->member_plans, group.target->member_plans);
  EXPECT_EQ(back.quarantine[0].members[0].base, Sha256Of("base"));
  EXPECT_FALSE(back.quarantine[0].members[1].base.has_value());
}

TEST(GroupRecord, IsOfAFormatThatEarlierProgramsRefuseAndAMapOnItsOwnIsNot) {
  Rollout map;
  map.map = "limits";
  EXPECT_EQ(RolloutToValue(map).IntOr("format", 0), kMapFormat);
  map.group = "edge";
  EXPECT_EQ(RolloutToValue(map).IntOr("format", 0), kRolloutFormat);
  EXPECT_EQ(RolloutFromValue(RolloutToValue(map)).value().group, "edge");
}

TEST(GroupRecord, RefusesAPartWithoutADigest) {
  Rollout group;
  group.map = "group/edge";
  group.members = {"limits"};
  group.stable = Version("1");
  Value record = RolloutToValue(group);
  Value stable = *record.Find("stable");
  stable.Set("members", Value::Array{Value::Object{{"map", "limits"}}});
  record.Set("stable", std::move(stable));
  const auto back = RolloutFromValue(record);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::reconciler
