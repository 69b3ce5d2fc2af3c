#include "controller/audit/rebuilt_plan.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

using manifests::Value;

mapcore::VersionPtr VersionOf(std::vector<mapcore::Entry> entries) {
  return mapcore::MapVersion::FromEntries(std::move(entries)).value();
}

// The record of a plan that changed a from 1 to 2, removed b and added c.
class RebuiltPlanTest : public testing::Test {
 protected:
  Value Record(bool sensitive = false, int deleted = 1) const {
    Value changed = Value::Object{{"key", "a"}, {"before", 1}, {"after", 2}};
    if (sensitive) changed.Set("sensitive", true);
    return Value::Object{
        {"map", "limits"},
        {"base", before->digest().ToString()},
        {"counts", Value::Object{{"created", 1}, {"updated", 1}, {"deleted", deleted}}},
        {"changes", Value::Array{changed, Value::Object{{"key", "b"}, {"before", true}},
                                 Value::Object{{"key", "c"}, {"after", "x"}}}}};
  }

  const mapcore::VersionPtr before = VersionOf({{"a", "1"}, {"b", "true"}, {"d", "null"}});
  const mapcore::VersionPtr after = VersionOf({{"a", "2"}, {"c", "\"x\""}, {"d", "null"}});
};

TEST_F(RebuiltPlanTest, TheChangesOfARecordLeadBackToTheVersionBefore) {
  const auto back = TakeBack(Record(), *after);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ((*back)->digest(), before->digest());
}

TEST_F(RebuiltPlanTest, ARecordThatKeepsTooLittleLeadsNowhere) {
  EXPECT_EQ(TakeBack(Record(true), *after).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(TakeBack(Record(false, 7), *after).error().code, ErrorCode::kNotFound);
}

TEST_F(RebuiltPlanTest, ChangesThatLeadElsewhereAreCorrupt) {
  EXPECT_EQ(TakeBack(Record(), *VersionOf({{"a", "2"}})).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(TakeBack(Value::Object{}, *after).error().code, ErrorCode::kCorrupt);
}

TEST_F(RebuiltPlanTest, APlanIsMadeOnlyFromWhatItsDigestIsOf) {
  manifests::DesiredState desired;
  const Value record = Record();
  const auto absent = RebuildPlan({record, desired, before.get(), "test"});
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("does not declare the map \"limits\""), std::string::npos);
  manifests::DesiredMap map;
  map.name = "limits";
  map.version = after;
  desired.maps[map.name] = std::make_shared<const manifests::DesiredMap>(map);
  const Digest id = reconciler::MakeMapPlan(before.get(), map, desired.revision, "test").id;
  Value named = Record();
  named.Set("id", id.ToString());
  const auto made = RebuildPlan({named, desired, before.get(), "test"});
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->changes.changes.size(), 3u);
  EXPECT_TRUE(made->sensitive.empty());
  named.Set("sensitive", Value::Array{"a"});
  EXPECT_EQ(RebuildPlan({named, desired, before.get(), "test"})->sensitive,
            std::vector<std::string>{"a"})
      << "what was masked when it was planned";
  EXPECT_EQ(RebuildPlan({named, desired, before.get(), "prod"}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(RebuildPlan({named, desired, nullptr, "test"}).error().code, ErrorCode::kCorrupt);
}

TEST_F(RebuiltPlanTest, ARecordWithoutVerdictsCannotBeJudgedAgain) {
  manifests::DesiredState desired;
  const Value record = Record();
  const auto floor = reconciler::FloorSet();
  EXPECT_EQ(JudgeAgain(*floor, {}, {record, desired, before.get(), "test"}).error().code,
            ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::controller
