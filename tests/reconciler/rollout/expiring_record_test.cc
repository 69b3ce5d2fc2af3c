#include "reconciler/rollout/expiring_record.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

using manifests::Value;

const WallTime kNow(std::chrono::hours(490'000));

TEST(OrdersRecord, ComesBackAsItWas) {
  Rollout before;
  before.heal = {false, std::chrono::minutes(2)};
  before.suspension = Suspension{"user:ana", "sale", kNow, kNow + std::chrono::hours(1)};
  before.overrides = {{"api/login", "{\"rps\":5}", "user:ana", "incident", kNow,
                       kNow + std::chrono::hours(1), Sha256Of("base")},
                      {"api/search", "1", "user:bo", "", kNow, kNow, std::nullopt}};
  Value record(Value::Object{});
  WriteOrders(before, record);
  Rollout after;
  ASSERT_TRUE(ReadOrders(*manifests::ParseJson(CanonicalJson(record)), after).ok());
  EXPECT_EQ(after.heal, before.heal);
  EXPECT_EQ(after.suspension, before.suspension);
  EXPECT_EQ(after.overrides, before.overrides);
}

TEST(OrdersRecord, HasDefaultsInARecordOfAnEarlierProgram) {
  Rollout after;
  ASSERT_TRUE(ReadOrders(Value(Value::Object{}), after).ok());
  EXPECT_EQ(after.heal, manifests::HealSettings{});
  EXPECT_FALSE(after.suspension);
  EXPECT_TRUE(after.overrides.empty());
}

TEST(OrdersRecord, RefusesAnOverrideThatIsDamaged) {
  for (const std::string body :
       {R"({"overrides":[{"key":"a","value":"{"}]})", R"({"overrides":3})",
        R"({"overrides":[{"value":"1"}]})", R"({"suspension":{"at":"x"}})"}) {
    Rollout after;
    const Status read = ReadOrders(*manifests::ParseJson(body), after);
    ASSERT_FALSE(read.ok()) << body;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace portolan::reconciler
