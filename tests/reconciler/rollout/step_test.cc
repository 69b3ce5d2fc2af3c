#include "reconciler/rollout/step.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "reconciler/rollout/record.h"
#include "reconciler/status.h"
#include "tests/reconciler/rollout/rollout_fixture.h"

namespace portolan::reconciler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string RecordOf(const Rollout& rollout) {
  return manifests::CanonicalJson(RolloutToValue(rollout));
}

bool Quarantined(const Rollout& rollout, const Digest& digest) {
  return std::any_of(rollout.quarantine.begin(), rollout.quarantine.end(),
                     [&](const Quarantine& q) { return q.digest == digest; });
}

bool Admitted(const Rollout& rollout, const Digest& digest) {
  return std::any_of(rollout.history.begin(), rollout.history.end(),
                     [&](const HistoryEntry& entry) { return entry.version.digest == digest; });
}

bool EverKnownGood(const Rollout& rollout, const Digest& digest) {
  return std::any_of(rollout.history.begin(), rollout.history.end(), [&](const HistoryEntry& e) {
    return e.version.digest == digest && e.known_good.has_value();
  });
}

// The promises of a single Step, whatever came before.
void CheckServing(const Rollout& before, const Observation& seen, const Transition& turned) {
  const Serving old = ServingOf(before);
  const Serving serving = ServingOf(turned.next);
  const Rollout& after = turned.next;
  if (serving.stable) RC_ASSERT(Admitted(after, *serving.stable));
  if (serving.canary) {
    RC_ASSERT(*serving.canary == after.target->version.digest);
    RC_ASSERT(Admitted(after, *serving.canary));
  }
  RC_ASSERT(serving.canary.has_value() || serving.split.weight == 0);
  const bool served = old.stable || old.canary;
  const bool pruned = seen.command && seen.command->verb == Verb::kPrune;
  if (served && !pruned) RC_ASSERT(serving.stable || serving.canary);
  if (after.number == before.number)
    RC_ASSERT(serving.split.weight == 0 || serving.split.weight >= old.split.weight);
  if (serving.split.weight > old.split.weight) RC_ASSERT(turned.persist == Persist::kNow);
  if (turned.safe_direction && serving.split.weight > old.split.weight)
    RC_ASSERT(EverKnownGood(after, *serving.canary));
  if (turned.safe_direction && serving.stable != old.stable)
    RC_ASSERT(EverKnownGood(after, *serving.stable));
}

void CheckState(const Rollout& before, const Observation& seen, const Transition& turned) {
  const Rollout& after = turned.next;
  if (InFlight(after.phase)) RC_ASSERT(!Quarantined(after, after.target->version.digest));
  const bool same_step = after.number == before.number &&
                         after.progress.step == before.progress.step && InFlight(before.phase);
  const Duration elapsed = before.last_step && seen.now.mono > *before.last_step
                               ? seen.now.mono - *before.last_step
                               : Duration(0);
  if (same_step) {
    RC_ASSERT(after.progress.soaked <= before.progress.soaked + elapsed);
    RC_ASSERT(after.progress.spent <= before.progress.spent + elapsed);
    RC_ASSERT(after.progress.baked <= before.progress.baked + elapsed);
  }
  RC_ASSERT(after.number >= before.number);
  RC_ASSERT(after.requests.size() <= kRequestsMax);
  RC_ASSERT(turned.look_again.has_value() ==
            (InFlight(after.phase) || after.phase == Phase::kRollingBack));
  if (turned.look_again) RC_ASSERT(*turned.look_again <= seconds(1));
  if (!turned.events.empty()) RC_ASSERT(turned.persist == Persist::kNow);
  if (after.phase != before.phase) RC_ASSERT(turned.persist == Persist::kNow);
  std::int64_t true_conditions = 0;
  for (const Condition& condition : ConditionsOf(after)) true_conditions += condition.status;
  RC_ASSERT(true_conditions == 1);
  const auto back = RolloutFromValue(RolloutToValue(after));
  RC_ASSERT(back.ok());
  RC_ASSERT(RecordOf(*back) == RecordOf(after));
}

manifests::Strategy StrategyOf(unsigned choice) {
  manifests::Strategy strategy = QuickStrategy();
  if (choice & 1) strategy.min_lookups = 10;
  if (choice & 2) strategy.on_new_revision = manifests::OnNewRevision::kQueue;
  if (choice & 4) strategy.steps[0].pause = manifests::Pause{};
  if ((choice & 24) == 8) strategy.on_no_data = manifests::OnNoData::kAbort;
  if ((choice & 24) == 16) strategy.on_no_data = manifests::OnNoData::kAdvanceAfterSoak;
  if (choice & 32) strategy.progress_deadline = minutes(2);
  return strategy;
}

constexpr Duration kJumps[] = {seconds(0),  seconds(1),  seconds(7), seconds(11),
                               seconds(40), minutes(10), hours(30),  -seconds(20)};

Command CommandOf(unsigned choice) {
  Command command;
  command.verb = static_cast<Verb>(choice % 11);
  command.actor = "user:ana";
  command.full = (choice / 11) % 2 == 1;
  if ((choice / 22) % 2 == 1) command.to = std::to_string(1 + choice % 5);
  if ((choice / 44) % 3 == 1) command.request_id = "request-" + std::to_string(choice % 7);
  return command;
}

// One random observation: any of time, a wish of git, reports, a command, a restart.
Observation SeenBy(Driver& driver, unsigned kinds, unsigned choice) {
  Observation seen;
  const Duration jump = kJumps[choice % std::size(kJumps)];
  driver.now.mono += jump;
  driver.now.wall += std::max(jump, Duration(0));
  if (kinds % 5 == 0) driver.rollout = *RolloutFromValue(RolloutToValue(driver.rollout));
  if (kinds & 8) {
    driver.strategy = StrategyOf(choice);
    seen.desired = driver.TargetOf(std::string(1, "abcd"[choice % 4]));
    if (choice % 11 == 0) seen.desired->findings = {{"mass-delete-guard", "soft", "deletes all"}};
  } else if (kinds % 13 == 1) {
    seen.removed = true;
  }
  if (kinds & 16) {
    const std::int64_t bad = choice % 6 == 0 ? 25 : 0;
    seen.reports = {driver.ReportOf(mapcore::Arm::kStable, 30, 0),
                    driver.ReportOf(mapcore::Arm::kCanary, 30, bad)};
  }
  if (kinds & 32) seen.command = CommandOf(choice);
  if (seen.command && driver.rollout.target) seen.command->plan = driver.rollout.target->plan;
  seen.now = driver.now;
  return seen;
}

TEST(Step, KeepsItsPromisesInAnySequence) {
  EXPECT_TRUE(rc::check("every step of a random life",
                        [](const std::vector<std::pair<unsigned, unsigned>>& life) {
                          Driver driver;
                          for (const auto& [kinds, choice] : life) {
                            const Observation seen = SeenBy(driver, kinds, choice);
                            const Rollout before = driver.rollout;
                            const Transition turned = driver.Apply(seen);
                            CheckServing(before, seen, turned);
                            CheckState(before, seen, turned);
                          }
                        }));
}

TEST(Step, KeepsItsPromisesOverLongLives) {
  EXPECT_TRUE(rc::check("every step of sixty", [](std::uint32_t seed) {
    Driver driver;
    std::uint64_t state = seed;
    for (int i = 0; i < 60; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const auto kinds = static_cast<unsigned>(state >> 40 & 63);
      const auto choice = static_cast<unsigned>(state >> 48 & 1023);
      const Observation seen = SeenBy(driver, kinds, choice);
      const Rollout before = driver.rollout;
      const Transition turned = driver.Apply(seen);
      CheckServing(before, seen, turned);
      CheckState(before, seen, turned);
    }
  }));
}

TEST(Step, GivesEqualOutputsForEqualInputsAndLeavesItsInputAlone) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  Observation seen;
  seen.now = driver.now;
  seen.now.mono += seconds(10);
  seen.reports = {driver.ReportOf(mapcore::Arm::kCanary, 30, 25)};
  seen.desired = driver.TargetOf("c");
  const std::string input = RecordOf(driver.rollout);
  const Transition first = Step(driver.rollout, seen);
  const Transition second = Step(driver.rollout, seen);
  EXPECT_EQ(RecordOf(driver.rollout), input);
  EXPECT_EQ(RecordOf(first.next), RecordOf(second.next));
  EXPECT_NE(RecordOf(first.next), input);
  EXPECT_EQ(first.events.size(), second.events.size());
  EXPECT_EQ(first.persist, second.persist);
  EXPECT_EQ(first.look_again, second.look_again);
}

TEST(Step, CountsNoTimeWhenTheClockGoesBackOrTheControllerRestarts) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.Pass(seconds(4));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(4));
  driver.Pass(-hours(1));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(4));
  driver.rollout = *RolloutFromValue(RolloutToValue(driver.rollout));
  driver.Pass(hours(5));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(4));
  driver.Pass(seconds(2));
  EXPECT_EQ(driver.rollout.progress.soaked, seconds(6));
}

TEST(Step, PersistsBeforeItServesARolloutThatStartsAsARollbackEnds) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.Do(Verb::kAbort);
  ASSERT_EQ(driver.rollout.phase, Phase::kRollingBack);
  const Transition turned = driver.Want("c");
  EXPECT_EQ(ServingOf(driver.rollout).canary, Sha256Of("c"));
  EXPECT_FALSE(turned.safe_direction);
  EXPECT_EQ(turned.persist, Persist::kNow);
}

TEST(Step, TakesOneStepAtATimeHoweverFarTheClockJumps) {
  Driver driver;
  driver.Settle("a");
  driver.Want("b");
  driver.Pass(minutes(30));
  EXPECT_EQ(driver.rollout.phase, Phase::kStepping);
  EXPECT_EQ(WeightOf(driver.rollout), 20'000u);
  EXPECT_EQ(driver.rollout.progress.soaked, Duration(0));
}

TEST(Step, LooksAgainWhenTheSoakEnds) {
  Driver driver;
  driver.Settle("a");
  EXPECT_EQ(driver.Pass(seconds(1)).look_again, std::nullopt) << "nothing in flight";
  EXPECT_EQ(driver.Want("b").look_again, seconds(1));
  EXPECT_EQ(driver.Pass(Duration(9'700)).look_again, Duration(300));
}

TEST(Step, KeepsAtMostTheNewestVersionsInItsHistory) {
  Driver driver;
  for (std::uint64_t number = 1; number <= kHistoryMax; ++number) {
    HistoryEntry entry;
    entry.version.number = number;
    entry.version.digest = Sha256Of("old " + std::to_string(number));
    driver.rollout.history.push_back(entry);
  }
  driver.Want("a");
  EXPECT_EQ(driver.rollout.history.size(), kHistoryMax);
  EXPECT_EQ(driver.rollout.history.front().version.number, 2u);
  EXPECT_EQ(driver.rollout.history.back().version.number, kHistoryMax + 1);
}

TEST(ServingOf, ShowsTheCanaryOnlyWhileARolloutIsInFlight) {
  Driver driver;
  driver.Settle("a");
  EXPECT_FALSE(ServingOf(driver.rollout).canary.has_value());
  driver.Want("b");
  const Serving serving = ServingOf(driver.rollout);
  EXPECT_EQ(serving.canary, Sha256Of("b"));
  EXPECT_EQ(serving.stable, Sha256Of("a"));
  EXPECT_EQ(serving.split.weight, 5'000u);
  EXPECT_EQ(serving.step, 1u);
  EXPECT_EQ(serving.rollout, "limits#2");
  driver.Do(Verb::kAbort);
  EXPECT_EQ(ServingOf(driver.rollout), (Serving{.stable = Sha256Of("a"),
                                                .canary = {},
                                                .split = {},
                                                .rollout = "",
                                                .step = 0,
                                                .sensitive = {},
                                                .overlay = {}}));
}

}  // namespace
}  // namespace portolan::reconciler
