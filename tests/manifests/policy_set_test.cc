#include "manifests/policy_set.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(PolicySet, IsNotUsableWithErrorsOrWhenAPolicyMayBeHidden) {
  PolicySet set;
  EXPECT_TRUE(set.usable());
  set.incomplete = true;
  EXPECT_FALSE(set.usable());
  set.incomplete = false;
  set.errors.emplace_back();
  EXPECT_FALSE(set.usable());
}

TEST(PolicySet, FindsWaiversThatEndTooLate) {
  const WallTime commit = ParseTime("2026-07-20T10:00:00Z").value();
  PolicySet set;
  auto waiver = std::make_shared<Waiver>();
  waiver->file = "w.yaml";
  waiver->until_position = {5, 9};
  waiver->until = commit + std::chrono::days(90);
  set.waivers["w"] = waiver;
  EXPECT_TRUE(LongWaivers(set, commit).empty());
  waiver->until += Duration(1);
  EXPECT_EQ(FormatDiagnostics(LongWaivers(set, commit)),
            "w.yaml:5:9: spec.until: a waiver ends at most 90 days after its commit, here by "
            "2026-10-18T10:00:00.000Z\n");
}

}  // namespace
}  // namespace portolan::manifests
