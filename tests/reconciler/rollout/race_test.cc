#include "reconciler/rollout/race.h"

#include <gtest/gtest.h>

#include <set>

namespace portolan::reconciler {
namespace {

constexpr Verb kAll[] = {Verb::kPromote, Verb::kPause, Verb::kResume,   Verb::kSkip,
                         Verb::kAbort,   Verb::kRetry, Verb::kRollback, Verb::kLock,
                         Verb::kUnlock,  Verb::kPrune, Verb::kApprove};

Command Of(Verb verb) {
  Command command;
  command.verb = verb;
  command.actor = "user:ana";
  return command;
}

TEST(RankOf, IsOneOfEachVerbAndPutsStopsFirst) {
  std::set<int> ranks;
  for (const Verb verb : kAll) ranks.insert(RankOf(verb));
  EXPECT_EQ(ranks.size(), std::size(kAll));
  EXPECT_LT(RankOf(Verb::kLock), RankOf(Verb::kAbort));
  EXPECT_LT(RankOf(Verb::kAbort), RankOf(Verb::kRollback));
  EXPECT_LT(RankOf(Verb::kRollback), RankOf(Verb::kPause));
  EXPECT_LT(RankOf(Verb::kPause), RankOf(Verb::kPromote));
  for (const Verb verb : {Verb::kSkip, Verb::kResume, Verb::kRetry, Verb::kUnlock, Verb::kApprove})
    EXPECT_LT(RankOf(Verb::kPromote), RankOf(verb));
}

TEST(LostRace, NamesWhoWonAndWhatToDo) {
  const auto lost = LostRace(Of(Verb::kPause), Of(Verb::kPromote), "limits");
  ASSERT_TRUE(lost.has_value());
  EXPECT_FALSE(lost->accepted);
  EXPECT_EQ(lost->message,
            "pause by user:ana came at the same time and goes first; look at: portolan status "
            "limits, then ask again");
}

TEST(LostRace, LetsApprovalsAndFurtherStopsThrough) {
  for (const Verb loser : {Verb::kApprove, Verb::kPause, Verb::kLock, Verb::kAbort})
    EXPECT_EQ(LostRace(Of(Verb::kPause), Of(loser), "limits").has_value(), false);
  EXPECT_TRUE(LostRace(Of(Verb::kRollback), Of(Verb::kRollback), "limits").has_value());
  EXPECT_FALSE(LostRace(Of(Verb::kPromote), Of(Verb::kApprove), "limits").has_value());
}

TEST(LostRace, TakesTwoStepsForwardForOne) {
  EXPECT_TRUE(LostRace(Of(Verb::kSkip), Of(Verb::kSkip), "limits").has_value());
  EXPECT_TRUE(LostRace(Of(Verb::kPromote), Of(Verb::kSkip), "limits").has_value());
}

}  // namespace
}  // namespace portolan::reconciler
