#include "tests/mapcore/steps/sights.h"

#include <gtest/gtest.h>

#include <set>

#include "mapcore/hmap/atomic.h"

namespace portolan::mapcore::steps {
namespace {

using hmap::Load;
using hmap::LoadRelaxed;
using hmap::Store;
using hmap::StoreRelaxed;

using Pairs = std::set<std::pair<int, int>>;

// A message and the flag that says that it is there.
class SightsTest : public testing::Test {
 protected:
  // What readers may see that load the flag first.
  Pairs FlagAndMessage(const StoreLog& log, const View& from, bool acquire) {
    Pairs seen;
    ForEachSight(log, from, [&](const View&) {
      const int flag = acquire ? Load(flag_) : LoadRelaxed(flag_);
      seen.insert({flag, LoadRelaxed(message_)});
    });
    return seen;
  }
  StoreLog Sent() {
    StoreLog log;
    const Watching watching(&log);
    StoreRelaxed(message_, 7);
    Store(flag_, 1);
    return log;
  }

  int message_ = 0;
  int flag_ = 0;
};

TEST_F(SightsTest, AReleasedFlagIsNeverSeenWithoutItsMessage) {
  EXPECT_EQ(FlagAndMessage(Sent(), {}, true), (Pairs{{0, 0}, {0, 7}, {1, 7}}));
}

TEST_F(SightsTest, AFlagThatReleasesOrAcquiresNothingIs) {
  const Pairs all{{0, 0}, {0, 7}, {1, 0}, {1, 7}};
  const StoreLog log = Sent();
  EXPECT_EQ(FlagAndMessage(log, {}, false), all);
  EXPECT_EQ(FlagAndMessage(log.Weakened(2), {}, true), all);
  EXPECT_EQ(FlagAndMessage(log.Moved(2, 1), {}, true), all);
}

TEST_F(SightsTest, WhatIsKnownIsSeen) {
  const StoreLog log = Sent();
  EXPECT_EQ(FlagAndMessage(log, {1}, false), (Pairs{{0, 7}, {1, 7}}));
  EXPECT_EQ(FlagAndMessage(log, {2}, false), (Pairs{{1, 7}}));
}

TEST_F(SightsTest, AWordNeverGoesBack) {
  StoreLog log;
  {
    const Watching watching(&log);
    for (int i = 1; i <= 3; ++i) StoreRelaxed(message_, i);
  }
  Pairs seen;
  const std::size_t sights = ForEachSight(log, {}, [&](const View&) {
    const int first = LoadRelaxed(message_);
    const int second = LoadRelaxed(message_);
    seen.insert({first, second});
  });
  EXPECT_EQ(sights, 10u);  // each first value with itself and what is newer: 4 + 3 + 2 + 1
  EXPECT_EQ(seen.size(), 10u);
  for (const auto& [first, second] : seen) EXPECT_LE(first, second);
}

TEST_F(SightsTest, AStoreMovesToBeforeAnother) {
  StoreLog log;
  {
    const Watching watching(&log);
    int words[4] = {};
    for (int i = 0; i < 4; ++i) Store(words[i], i);
  }
  const auto order = [](const StoreLog& of) {
    std::vector<std::uint64_t> values;
    for (std::size_t at = 1; at <= of.size(); ++at) values.push_back(of.at(at).value);
    return values;
  };
  EXPECT_EQ(order(log.Moved(4, 2)), (std::vector<std::uint64_t>{0, 3, 1, 2}));
  EXPECT_EQ(order(log.Moved(1, 4)), (std::vector<std::uint64_t>{1, 2, 0, 3}));
}

TEST_F(SightsTest, TheJudgeRefusesAnAnswerThatNoStateGivesAndOneThatGoesBack) {
  const StoreLog log = Sent();
  const std::vector<std::size_t> ends{0, 2};
  const auto both = [&](const View&) {
    const int flag = Load(flag_);
    return std::to_string(flag) + std::to_string(LoadRelaxed(message_));
  };
  EXPECT_EQ(Judge(log, ends, {both, {"00", "17"}}).wrong,
            "a reader is answered \"07\" after 0 of 1 operations");
  const auto flag = [&](const View&) { return std::to_string(Load(flag_)); };
  const Verdict right = Judge(log, ends, {flag, {"0", "1"}});
  EXPECT_EQ(right.wrong, "");
  EXPECT_EQ(right.sights, 2u + 2u + 1u + 1u + 1u);
  // Whoever saw a 1, and says so, is followed by nobody who sees a 0.
  int asked = 0;
  const auto back = [&](const View&) { return std::to_string(++asked % 2); };
  EXPECT_EQ(Judge(log, {0}, {back, {"1"}}).wrong,
            "a reader that knows what another one saw is answered \"0\" after 0 of 0 operations");
}

}  // namespace
}  // namespace portolan::mapcore::steps
