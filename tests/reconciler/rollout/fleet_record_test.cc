#include "reconciler/rollout/fleet_record.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

Fleet FullFleet() {
  Fleet fleet;
  Instance& instance = fleet["checkout-7f"];
  instance.applied = {Sha256Of("new"), Sha256Of("old")};
  instance.refused = Sha256Of("bad");
  instance.reason = "rps is 0";
  instance.lease = std::chrono::seconds(12);
  instance.heard = WallTime(std::chrono::hours(1'000));
  instance.joined = 3;
  instance.lost = true;
  return fleet;
}

TEST(FleetRecord, ComesBackAsItWasWritten) {
  const manifests::Value value = FleetToValue(FullFleet());
  const auto again = FleetFromValue(value);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(manifests::CanonicalJson(FleetToValue(*again)), manifests::CanonicalJson(value));
  const Instance& instance = again->at("checkout-7f");
  EXPECT_EQ(instance.applied, FullFleet().at("checkout-7f").applied);
  EXPECT_EQ(instance.refused, Sha256Of("bad"));
  EXPECT_EQ(instance.lease, std::chrono::seconds(12));
  EXPECT_EQ(instance.joined, 3u);
  EXPECT_TRUE(instance.lost);
}

TEST(FleetRecord, DoesNotKeepMonotonicTime) {
  Fleet fleet = FullFleet();
  fleet.at("checkout-7f").heard_mono = Duration(5);
  EXPECT_EQ(FleetFromValue(FleetToValue(fleet))->at("checkout-7f").heard_mono, std::nullopt);
}

TEST(FleetRecord, NamesTheInstanceAndFieldThatAreBroken) {
  manifests::Value value = FleetToValue(FullFleet());
  manifests::Value instance = *value.Find("checkout-7f");
  instance.Set("refused", "sha256:zz");
  value.Set("checkout-7f", instance);
  EXPECT_EQ(FleetFromValue(value).error().message,
            "stored instance \"checkout-7f\": field \"refused\" is missing or malformed");
}

}  // namespace
}  // namespace portolan::reconciler
