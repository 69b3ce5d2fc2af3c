#include "reconciler/plan_summary.h"

#include <gtest/gtest.h>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

TEST(PlanSummary, IsOneLineThatGreps) {
  EXPECT_EQ(SummaryLine(SamplePlan()),
            "Plan: 1 to create, 2 to update, 238 to delete in 2 maps; 1 held; 1 rejected.");
  Plan one;
  one.maps.push_back(PlanOf(Numbered(1), Desired("m", Numbered(2'001))));
  EXPECT_EQ(SummaryLine(one),
            "Plan: 2000 to create, 0 to update, 0 to delete in 1 map; 0 held; 0 rejected.");
  EXPECT_EQ(SummaryLine(Plan{}),
            "Plan: 0 to create, 0 to update, 0 to delete in 0 maps; 0 held; 0 rejected.");
}

TEST(PlanSummary, NamesARevisionByBranchAndShortCommit) {
  EXPECT_EQ(RevisionWords(Commit()), "commit 8c1f0e2d1a2b on main");
  EXPECT_EQ(RevisionWords({}), "the working tree");
}

TEST(PlanSummary, NamesDigestsShort) {
  const auto before = Numbered(1);
  const auto after = Numbered(2);
  EXPECT_EQ(DigestWords(PlanOf(before, Desired("m", after))),
            before->digest().Short() + " -> " + after->digest().Short());
  EXPECT_EQ(DigestWords(PlanOf(nullptr, Desired("m", after))),
            "first version " + after->digest().Short());
}

TEST(PlanSummary, CountsTheKeysOfAChange) {
  EXPECT_EQ(CountWords({{}, 1'000, 2, 3, 4}), "1,000 created, 2 updated, 3 deleted, 4 unchanged");
}

}  // namespace
}  // namespace portolan::reconciler
