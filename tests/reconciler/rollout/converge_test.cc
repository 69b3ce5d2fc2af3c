#include "reconciler/rollout/converge.h"

#include <gtest/gtest.h>

#include "mapcore/base/random.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);

class ConvergeTest : public testing::Test {
 protected:
  ConvergeTest() {
    driver.Settle("one");
    driver.Want("two");
  }
  Transition Send(const std::string& instance, AckStatus status, const std::string& content) {
    Observation seen;
    seen.acks.push_back(
        {instance, "limits", Sha256Of(content), status, "rps is 0", std::chrono::hours(1)});
    return driver.Apply(std::move(seen));
  }
  void SendMany(int from, int to, const std::string& content) {
    for (int i = from; i < to; ++i)
      Send("i" + std::to_string(100 + i), AckStatus::kApplied, content);
  }

  Driver driver;
};

TEST_F(ConvergeTest, AsksAllOfTenAndNinetyFivePercentOfMore) {
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 0);
  SendMany(0, 10, "one");
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 10);
  SendMany(10, 40, "one");
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 38);
  driver.rollout.target->strategy.converge.share = 0.5;
  EXPECT_EQ(ConvergenceOf(driver.rollout).required, 20);
}

TEST_F(ConvergeTest, NamesTheFirstThatLack) {
  SendMany(0, 5, "one");
  SendMany(1, 2, "two");
  EXPECT_EQ(ConvergenceText(ConvergenceOf(driver.rollout)),
            "1 of 5 instances acknowledged; still missing: i100, i102, i103, …");
}

TEST_F(ConvergeTest, CountsNoSoakUntilTheFleetConverged) {
  SendMany(0, 2, "one");
  driver.Pass(20 * kSecond);
  EXPECT_EQ(driver.rollout.progress.soaked, Duration(0));
  SendMany(0, 2, "two");
  driver.Pass(kSecond);
  EXPECT_EQ(driver.rollout.progress.soaked, kSecond);
}

TEST_F(ConvergeTest, ARejectionOfTheNewVersionRollsBackAtOnce) {
  const Transition turned = Send("a", AckStatus::kRejected, "two");
  EXPECT_TRUE(turned.safe_direction);
  EXPECT_EQ(driver.rollout.phase, Phase::kRollingBack);
  EXPECT_EQ(driver.rollout.reason, reason::kRejected);
  EXPECT_TRUE(driver.rollout.message.starts_with("instance a rejects "));
}

TEST_F(ConvergeTest, ARejectionOfAnotherVersionRollsBackNothing) {
  Send("a", AckStatus::kRejected, "one");
  Send("a", AckStatus::kCrashed, "zero");
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
}

TEST_F(ConvergeTest, ARejectionOfTheOnlyVersionIsSaidAndServed) {
  Driver fresh;
  fresh.Want("one");
  Observation seen;
  seen.acks.push_back({"a", "limits", Sha256Of("one"), AckStatus::kRejected, "", kSecond});
  fresh.Apply(std::move(seen));
  EXPECT_EQ(fresh.rollout.reason, reason::kFirstVersionFailing);
  EXPECT_EQ(ServingOf(fresh.rollout).canary, Sha256Of("one"));
}

TEST_F(ConvergeTest, AHeartbeatIsNotWorthAWrite) {
  Send("a", AckStatus::kApplied, "one");
  driver.Do(Verb::kAbort);
  driver.Pass(kSecond);
  const Transition turned = Send("a", AckStatus::kAlive, "one");
  EXPECT_EQ(turned.persist, Persist::kNothing);
  EXPECT_EQ(Send("b", AckStatus::kApplied, "one").persist, Persist::kTick);
}

// A fleet under one rollout that never ends by itself: every instance renews its lease each 5 s,
// takes up what it is to hold, and is replaced once in a random order, with a goodbye or without
// one.
class RollingRestart {
 public:
  RollingRestart(std::uint64_t seed, manifests::SplitMode split) : random_(seed) {
    driver_.strategy.progress_deadline = std::chrono::hours(24);
    driver_.strategy.steps[0].weight = 30'000;
    driver_.strategy.steps[1].weight = 60'000;
    driver_.strategy.steps[0].soak = std::chrono::hours(5);
    driver_.Settle("one");
    for (std::uint64_t left = 8 + random_.Below(12); left > 0; --left) Add();
    RenewAll();
    Observation seen;
    seen.desired = driver_.TargetOf("two");
    seen.desired->split.mode = split;
    driver_.Apply(std::move(seen));
  }

  // The phase in which it ends: nothing but the step it was in, or a pause of it.
  Phase Run() {
    std::vector<std::string> old(names_.begin(), names_.end());
    for (std::size_t i = old.size(); i > 1; --i) std::swap(old[i - 1], old[random_.Below(i)]);
    for (const std::string& name : old) {
      for (std::uint64_t beats = 1 + random_.Below(9); beats > 0; --beats) Beat();
      names_.erase(name);
      if (random_.Below(2) == 0) Say(name, AckStatus::kGoodbye, {});
      Add();
    }
    for (int beats = 0; beats < 20; ++beats) Beat();
    return driver_.rollout.phase;
  }

 private:
  void Add() { names_.insert("i" + std::to_string(next_++)); }

  void Say(const std::string& name, AckStatus status, const Digest& digest) {
    Observation seen;
    seen.acks.push_back({name, "limits", digest, status, "", std::chrono::seconds(15)});
    driver_.Apply(std::move(seen));
  }

  void RenewAll() {
    const Serving serving = ServingOf(driver_.rollout);
    const InstanceNames& chosen = driver_.rollout.progress.canary_instances;
    Observation seen;
    for (const std::string& name : names_) {
      const bool stable = !serving.canary || (serving.split.instances && !chosen.contains(name));
      seen.acks.push_back({name, "limits", stable ? *serving.stable : *serving.canary,
                           AckStatus::kApplied, "", std::chrono::seconds(15)});
    }
    driver_.Apply(std::move(seen));
  }

  void Beat() {
    driver_.Pass(5 * kSecond);
    RenewAll();
  }

  Random random_;
  Driver driver_;
  std::set<std::string> names_;
  int next_ = 100;
};

TEST(RollingRestarts, NeverRollBack) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    for (const auto split : {manifests::SplitMode::kSubject, manifests::SplitMode::kInstance}) {
      const Phase phase = RollingRestart(seed, split).Run();
      EXPECT_TRUE(phase == Phase::kStepping || phase == Phase::kPaused)
          << "seed " << seed << ", " << PhaseName(phase);
    }
}

}  // namespace
}  // namespace portolan::reconciler
