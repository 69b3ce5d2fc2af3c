#include "controller/reconcile/drift_watch.h"

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

// A holder whose content a test decides.
class ScriptedHolder final : public reconciler::Holder {
 public:
  std::string_view name() const override { return "haproxy"; }
  Result<reconciler::Holding> Read(const std::string&) override {
    if (gone) return Error{ErrorCode::kUnavailable, "connection refused"};
    return holding;
  }
  Status Heal(const std::string&, const mapcore::LiveState& should) override {
    if (stubborn) return Error{ErrorCode::kDenied, "read-only"};
    holding = reconciler::HoldingOf(should);
    return {};
  }
  reconciler::Holding holding;
  bool gone = false;
  bool stubborn = false;
};

class DriftWatchTest : public testing::Test {
 protected:
  DriftWatchTest() {
    rollout.map = "limits";
    should.stable = VersionOf({{"a", "1"}, {"b", "2"}});
    holder.holding.stable = VersionOf({{"a", "9"}, {"b", "2"}});
    watch.Add(holder);
  }
  std::string Check(bool heal = true) {
    std::string said;
    for (const reconciler::Event& event : watch.Check(rollout, should, now, heal))
      said += event.reason + ": " + event.message + "\n";
    return said;
  }

  reconciler::Rollout rollout;
  mapcore::LiveState should;
  ScriptedHolder holder;
  Now now{WallTime(std::chrono::hours(1'000)), Duration(0)};
  DriftWatch watch;
};

TEST_F(DriftWatchTest, HealsAndSaysWhatItFound) {
  EXPECT_EQ(
      Check(),
      "Drifted: haproxy drifted in 1 of 2 keys (50 %)\n"
      "DriftHealed: haproxy holds what it should again, after a drift in 1 of 2 keys (50 %)\n");
  EXPECT_EQ(holder.holding.stable, should.stable);
  const DriftReport report = watch.Report(now.wall);
  EXPECT_EQ(report.totals.drifted_keys, 0);
  EXPECT_EQ(report.maps.at(0).heals, 1);
  EXPECT_EQ(Check(), "") << "nothing is left to tell";
}

TEST_F(DriftWatchTest, LeavesDriftAloneWhereTheMapSaysSoAndTellsItOnce) {
  rollout.heal.self_heal = false;
  EXPECT_EQ(Check(), "Drifted: haproxy drifted in 1 of 2 keys (50 %)\n");
  EXPECT_EQ(Check(), "");
  EXPECT_NE(holder.holding.stable, should.stable);
  EXPECT_EQ(watch.Report(now.wall).totals.drifted_keys, 1);
  holder.holding.stable = VersionOf({});
  EXPECT_EQ(Check(), "Drifted: haproxy drifted in 2 of 2 keys (100 %)\n");
}

TEST_F(DriftWatchTest, OnlyLooksWhenItIsAskedOnDemand) {
  EXPECT_EQ(Check(/*heal=*/false), "");
  EXPECT_NE(holder.holding.stable, should.stable);
  EXPECT_EQ(watch.Report(now.wall).totals.drifted_maps, 1);
  EXPECT_NE(Check().find("DriftHealed"), std::string::npos) << "the interval heals it";
}

TEST_F(DriftWatchTest, SaysWhenAHolderCannotBeComparedOrHealed) {
  holder.gone = true;
  EXPECT_EQ(Check(), "DriftUnknown: haproxy cannot be compared or healed: connection refused\n");
  EXPECT_EQ(Check(), "");
  holder.gone = false;
  holder.stubborn = true;
  EXPECT_EQ(Check(), "Drifted: haproxy drifted in 1 of 2 keys (50 %)\n");
  EXPECT_EQ(watch.Report(now.wall).maps.at(0).holders.at(0).error, "read-only");
  EXPECT_EQ(watch.Report(now.wall).totals.drifted_keys, 1);
}

TEST_F(DriftWatchTest, DoesNotCompareWithWhatIsNotKnown) {
  const auto events = watch.Check(rollout, Error{ErrorCode::kCorrupt, "blob damaged"}, now, true);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].reason, "DriftUnknown");
  EXPECT_NE(holder.holding.stable, nullptr) << "a failed read is never an empty map";
}

TEST_F(DriftWatchTest, KeepsTheWorstOfEachIntervalInItsHistory) {
  Check();
  Check();
  watch.Sample(now.wall);
  Check();
  watch.Sample(now.wall + kDriftSampleInterval);
  const auto history = watch.Report(now.wall).history;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_DOUBLE_EQ(history[0].key_rate(), 0.5);
  EXPECT_EQ(history[0].drifted_maps, 1);
  EXPECT_EQ(history[1].key_rate(), 0);
  EXPECT_EQ(history[1].map_rate(), 0);
}

TEST_F(DriftWatchTest, KeepsNothingOfDamageThatNobodyHoldsAnyMore) {
  mapcore::VersionPtr damaged = VersionOf({{"a", "9"}});
  mapcore::VersionPtr stored = VersionOf({{"a", "1"}});
  const std::weak_ptr<const mapcore::MapVersion> read_anew = stored;
  watch.Know({damaged, std::exchange(stored, nullptr), {}, "damaged"});
  watch.Sample(now.wall);
  EXPECT_FALSE(read_anew.expired());
  damaged.reset();
  watch.Sample(now.wall);
  EXPECT_TRUE(read_anew.expired());
}

TEST_F(DriftWatchTest, ForgetsWhatNobodyHolds) {
  Check();
  watch.Forget("limits");
  EXPECT_TRUE(watch.Report(now.wall).maps.empty());
}

}  // namespace
}  // namespace portolan::controller
