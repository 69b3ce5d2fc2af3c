#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/reconcile/rollout_reconciler.h"
#include "reconciler/plan_digest.h"
#include "tests/contracts/faulty_store.h"
#include "tests/contracts/memory_store.h"

namespace portolan::controller {

// A clock that stands still until somebody moves it. Thread-safe.
class FakeClock final : public Clock {
 public:
  Now now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  void Advance(Duration duration) {
    const std::scoped_lock lock(mutex_);
    now_.wall += duration;
    now_.mono += duration;
  }
  // Somebody sets the wall clock forward, or back.
  void SetWall(Duration by) {
    const std::scoped_lock lock(mutex_);
    now_.wall += by;
  }

 private:
  mutable std::mutex mutex_;
  Now now_{WallTime(std::chrono::hours(24 * 365 * 50)), std::chrono::seconds(1)};
};

inline mapcore::VersionPtr VersionOf(std::vector<mapcore::Entry> entries) {
  auto version = mapcore::MapVersion::FromEntries(std::move(entries));
  EXPECT_TRUE(version.ok());
  return std::move(version).value();
}

// 5 % and 50 % for 10 s each, then a bake of 30 s; time alone advances it.
inline manifests::Strategy QuickStrategy() {
  manifests::Strategy strategy = manifests::DefaultStrategy();
  strategy.name = "quick";
  strategy.steps.resize(3);
  strategy.steps[0].weight = 5'000;
  strategy.steps[1].weight = 50'000;
  strategy.steps[2].weight = mapcore::kWeightMax;
  for (manifests::Step& step : strategy.steps) step.soak = std::chrono::seconds(10);
  strategy.min_lookups = 0;
  strategy.bake = std::chrono::seconds(30);
  return strategy;
}

// A RolloutReconciler on a store that can fail, driven by hand: nothing happens between two calls.
class World {
 public:
  // `kept` outlives this: another World on it is the daemon after a restart.
  explicit World(MemoryStore& kept) : disk(kept) {}
  // With a judge nothing raises its weight before it was asked; it answers within the round.
  using Judge = std::function<std::vector<reconciler::Finding>(const reconciler::Rollout&)>;
  World(MemoryStore& kept, Judge asked) : disk(kept), judge(std::move(asked)) {}

  mapcore::VersionPtr limits_1 = VersionOf({{"api/login", "10"}, {"api/search", "20"}, {"%", "1"}});
  mapcore::VersionPtr limits_2 = VersionOf({{"api/login", "11"}, {"api/search", "20"}, {"%", "1"}});
  mapcore::VersionPtr limits_3 = VersionOf({{"api/login", "12"}, {"api/search", "20"}, {"%", "1"}});

  Duration Process() { return rollouts.Process(clock.now()); }

  // Lets that time pass, in the daemon's ticks.
  void Pass(Duration duration) {
    constexpr Duration kTick = std::chrono::seconds(1);
    for (; duration > Duration(0); duration -= kTick) {
      clock.Advance(std::min(duration, kTick));
      Process();
    }
    Process();
  }

  // Runs `call` on another thread and processes inputs until it returns.
  template <typename Call>
  auto Serving(Call call) {
    auto answer = std::async(std::launch::async, std::move(call));
    while (answer.wait_for(Duration(0)) != std::future_status::ready) {
      rollouts.Wait(Duration(5));
      Process();
    }
    return answer.get();
  }

  reconciler::Target TargetOf(const std::string& map, const mapcore::VersionPtr& version) {
    reconciler::Target target;
    target.version.digest = version->digest();
    target.version.revision = {"main", std::string(40, static_cast<char>('a' + commits++ % 6)),
                               "Ana <ana@example.com>", "Change " + map, clock.now().wall};
    target.version.size = static_cast<std::int64_t>(version->size());
    if (const auto rollout = rollouts.Find(map); rollout != nullptr && rollout->stable)
      target.base = rollout->stable->digest;
    target.strategy = strategy;
    target.split.salt = map;
    target.plan =
        reconciler::PlanDigest({map, target.base, target.version.digest, "test"}, target.strategy);
    EXPECT_TRUE(versions.Put(version).ok());
    return target;
  }

  void Want(const std::string& map, reconciler::Target target) {
    SourceWish wish{"edge", {}, {}};
    wish.targets.emplace(map, std::move(target));
    auto taken = rollouts.Wish(std::move(wish));
    Process();
    EXPECT_EQ(taken.wait_for(Duration(0)), std::future_status::ready);
  }
  void Want(const std::string& map, const mapcore::VersionPtr& version) {
    Want(map, TargetOf(map, version));
  }

  // Healthy at this version.
  void Settle(const std::string& map, const mapcore::VersionPtr& version) {
    Want(map, version);
    for (int i = 0; i < 120 && Phase(map) != "Healthy"; ++i) Pass(std::chrono::seconds(1));
    EXPECT_EQ(Phase(map), "Healthy");
  }

  Result<VerbAnswer> Do(const std::string& map, reconciler::Command command) {
    if (command.actor.empty()) command.actor = "user:ana";
    auto answer = rollouts.Submit(map, std::move(command));
    Process();
    return answer.get();
  }
  Result<VerbAnswer> Do(const std::string& map, reconciler::Verb verb) {
    reconciler::Command command;
    command.verb = verb;
    return Do(map, command);
  }

  std::string Phase(const std::string& map) const {
    const auto rollout = rollouts.Find(map);
    return rollout == nullptr ? "none" : std::string(PhaseName(rollout->phase));
  }

  // What lookups see: "stable canary@weight", digests by their position in `names`; "-" for none.
  struct Seen {
    std::string stable;
    std::string canary;
    std::uint32_t weight = 0;
    std::uint32_t step = 0;
    std::string rollout;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  Seen Served(const std::string& map) const {
    mapcore::ReadGuard guard;
    const mapcore::LiveState* state = catalog.Find(guard, map);
    if (state == nullptr) return {"none", "none", 0, 0, ""};
    const auto name = [](const mapcore::VersionPtr& version) {
      return version == nullptr ? std::string("-") : version->digest().ToString();
    };
    return {name(state->stable), name(state->canary), state->split.weight, state->step,
            state->rollout};
  }

  // Lookups of the canary in the first step, as one client saw them.
  reconciler::Report ReportOf(const std::string& map, const mapcore::VersionPtr& canary,
                              std::uint64_t batch, std::int64_t lookups) const {
    reconciler::Report report;
    report.instance = "checkout-1";
    report.batch = batch;
    report.map = map;
    reconciler::ReportItem& item = report.items.emplace_back();
    item.digest = canary->digest();
    item.arm = mapcore::Arm::kCanary;
    item.step = 1;
    item.lookups = lookups;
    item.subjects = 1;
    return report;
  }

  reconciler::Record Stored(const std::string& map) { return disk.Get("rollout/" + map).value(); }

  std::function<void(std::shared_ptr<const reconciler::Rollout>)> AskHook() {
    if (!judge) return {};
    return [this](std::shared_ptr<const reconciler::Rollout> rollout) {
      rollouts.Judged(rollout->map, rollout->target->plan, judge(*rollout));
    };
  }

  MemoryStore& disk;
  Judge judge;
  FaultyStore store{disk};
  FakeClock clock;
  mapcore::Catalog catalog;
  VersionCache versions{store};
  manifests::Strategy strategy = QuickStrategy();
  int commits = 0;
  std::vector<std::pair<std::string, std::string>> replans;  // source, map
  std::function<void(const std::string&, const std::string&)> on_replan;
  std::vector<std::string> told;  // reasons of events, once stored
  std::vector<Error> faults;
  std::optional<reconciler::Freeze> freeze;  // that is on now
  RolloutReconciler rollouts{
      store,
      versions,
      catalog,
      {[this](const std::string& source, const std::string& map) {
         replans.emplace_back(source, map);
         if (on_replan) on_replan(source, map);
       },
       [this](const reconciler::Event& event) { told.push_back(event.reason); },
       [this](const std::string&, const Error& error) { faults.push_back(error); },
       {},
       AskHook(),
       [this](const std::string&, WallTime now) {
         return freeze && now < freeze->until ? freeze : std::nullopt;
       }}};
};

inline Error DiskFull() {
  return {ErrorCode::kExhausted, "the disk is full"};
}

}  // namespace portolan::controller
