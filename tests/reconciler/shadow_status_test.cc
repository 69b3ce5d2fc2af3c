#include "reconciler/shadow_status.h"

#include <gtest/gtest.h>

#include "reconciler/status.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

class ShadowStatusTest : public testing::Test {
 protected:
  ShadowStatusTest() {
    driver.Settle("one");
    driver.strategy.shadow =
        manifests::Shadow{.soak = std::chrono::hours(72), .max_outputs_ratio = 0.5};
    driver.Want("two");
    driver.rollout.target->changed_keys = 12;
    Observation seen;
    seen.compared.emplace();
    seen.compared->compared = 200;
    seen.compared->differing = 50;
    seen.compared->keys = {{"open", 50, 1}};
    OutputReport report{"client", 1, "limits", Sha256Of("two"), {}};
    report.items.resize(4);
    for (std::size_t i = 0; i < 4; ++i) {
      report.items[i].subject = i << 40;
      report.items[i].key = "secret/k";
      report.items[i].agrees = i > 0;
    }
    report.items[0].distance = 0.5;
    report.items[0].stable = "0.25";
    report.items[0].canary = "0.75";
    seen.outputs = {report};
    driver.Apply(std::move(seen));
    driver.Pass(std::chrono::seconds(10));
  }

  Driver driver;
};

TEST_F(ShadowStatusTest, ShowsCountsLimitsAndTheKeysThatDisagree) {
  const Value shown = ShadowStatus(driver.rollout, /*sees_sensitive=*/true);
  EXPECT_EQ(shown.IntOr("soakMs", 0), 10'000);
  EXPECT_EQ(shown.IntOr("soakRequiredMs", 0), 72 * 3'600'000);
  EXPECT_EQ(shown.IntOr("changedKeys", 0), 12);
  EXPECT_EQ(shown.IntOr("changedKeysLookedUp", 0), 1);
  EXPECT_EQ(shown.Find("lookups")->IntOr("compared", 0), 200);
  EXPECT_EQ(shown.Find("lookups")->Find("ratio")->as_double(), 0.25);
  EXPECT_EQ(shown.Find("outputs")->IntOr("badSubjects", 0), 1);
  EXPECT_EQ(shown.Find("outputs")->Find("maxRatio")->as_double(), 0.5);
  const Value::Array& keys = shown.Find("keys")->as_array();
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].StringOr("key", ""), "open");
  EXPECT_EQ(keys[0].Find("example"), nullptr);
  EXPECT_EQ(keys[1].Find("example")->StringOr("canary", ""), "0.75");
}

TEST_F(ShadowStatusTest, MasksTheOutputsOfSensitiveKeys) {
  driver.rollout.target->version.sensitive = {"secret/*"};
  const Value masked = ShadowStatus(driver.rollout, /*sees_sensitive=*/false);
  const Value& example = *masked.Find("keys")->as_array()[1].Find("example");
  EXPECT_TRUE(example.BoolOr("masked", false));
  EXPECT_EQ(manifests::WriteJson(masked).find("0.75"), std::string::npos);
  EXPECT_NE(example.StringOr("canary", "").find("sensitive"), std::string::npos);
  const Value seen = ShadowStatus(driver.rollout, /*sees_sensitive=*/true);
  EXPECT_EQ(seen.Find("keys")->as_array()[1].Find("example")->StringOr("canary", ""), "0.75");
}

TEST_F(ShadowStatusTest, TheMapsStatusSaysWhenItEnds) {
  const Value status = MapStatusToValue(driver.rollout, driver.now.wall);
  EXPECT_EQ(status.StringOr("phase", ""), "Shadow");
  EXPECT_EQ(status.StringOr("sync", ""), "Progressing");
  EXPECT_EQ(status.IntOr("step", -1), 0);
  EXPECT_EQ(status.IntOr("weight", -1), 0);
  EXPECT_EQ(status.IntOr("soakMs", 0), 10'000);
  const Duration rest = std::chrono::hours(72) - std::chrono::seconds(10);
  EXPECT_EQ(status.StringOr("nextAt", ""), FormatTime(driver.now.wall + rest));
  EXPECT_TRUE(status.Find("shadow")->is_object());
}

TEST_F(ShadowStatusTest, IsNullWithoutADualRun) {
  driver.rollout.target->strategy.shadow.reset();
  EXPECT_TRUE(ShadowStatus(driver.rollout, true).is_null());
}

TEST_F(ShadowStatusTest, IsNullForAPlanThatIsHeldAfterTheDualRunOfAnother) {
  driver.Do(Verb::kSkip);
  driver.Settle("two");
  ASSERT_EQ(driver.rollout.phase, Phase::kHealthy);
  driver.Do(Verb::kPause);
  driver.Want("three");
  ASSERT_EQ(driver.rollout.phase, Phase::kHeld);
  EXPECT_TRUE(ShadowStatus(driver.rollout, /*sees_sensitive=*/true).is_null());
}

TEST_F(ShadowStatusTest, StaysWhenItRolledBack) {
  driver.Do(Verb::kAbort);
  driver.Pass(std::chrono::seconds(10));
  ASSERT_EQ(driver.rollout.phase, Phase::kRolledBack);
  EXPECT_TRUE(ShadowStatus(driver.rollout, /*sees_sensitive=*/true).is_object());
}

}  // namespace
}  // namespace portolan::reconciler
