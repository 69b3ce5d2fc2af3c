#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "reconciler/rollout/step.h"

namespace portolan::reconciler {

// 5 %, 20 %, 100 %, ten seconds each and ten for the bake; no data needed.
inline manifests::Strategy QuickStrategy() {
  manifests::Strategy strategy = manifests::DefaultStrategy();
  for (manifests::Step& step : strategy.steps) step.soak = std::chrono::seconds(10);
  strategy.steps.back().soak = Duration(0);
  strategy.min_lookups = 0;
  strategy.bake = std::chrono::seconds(10);
  return strategy;
}

// One map under a fake clock: each call is one Step, and the rollout becomes what it says. Contents
// are named by letters.
class Driver {
 public:
  Driver() {
    rollout.map = "limits";
    rollout.source = "edge";
    rollout.strategy = strategy;
  }

  Transition Apply(Observation seen) {
    seen.now = now;
    Transition turned = Step(rollout, seen);
    rollout = turned.next;
    return turned;
  }

  // As a source plans it: against stable, and held when the content is quarantined.
  Target TargetOf(const std::string& content) const {
    Target target;
    target.version.digest = Sha256Of(content);
    target.version.revision = {"main", Sha256Of("commit " + content).Hex().substr(0, 40), "Ana",
                               "Set " + content, now.wall};
    target.version.size = 1;
    if (rollout.stable) target.base = rollout.stable->digest;
    target.plan = Sha256Of(content + (target.base ? target.base->Hex() : ""));
    target.strategy = strategy;
    target.split.salt = rollout.map;
    if (std::any_of(rollout.quarantine.begin(), rollout.quarantine.end(),
                    [&](const Quarantine& q) { return q.digest == target.version.digest; }))
      target.quarantine = QuarantineHold::kAll;
    return target;
  }

  Transition Want(const std::string& content) {
    Observation seen;
    seen.desired = TargetOf(content);
    return Apply(std::move(seen));
  }

  Transition Remove() {
    Observation seen;
    seen.removed = true;
    return Apply(std::move(seen));
  }

  Transition Do(Verb verb, std::string to = "", std::string request_id = "") {
    Observation seen;
    seen.command = Command{};
    seen.command->verb = verb;
    seen.command->actor = "user:ana";
    seen.command->to = std::move(to);
    seen.command->request_id = std::move(request_id);
    return Apply(std::move(seen));
  }

  Transition Pass(Duration time) {
    now.wall += time;
    now.mono += time;
    return Apply({});
  }

  // Makes a content stable and known good, from a map where nothing is in flight.
  void Settle(const std::string& content) {
    Want(content);
    for (int second = 0; second < 60 && rollout.phase != Phase::kHealthy; ++second)
      Pass(std::chrono::seconds(1));
  }

  // What `subjects` clients of one arm say of the step that runs.
  Report ReportOf(mapcore::Arm arm, std::int64_t subjects, std::int64_t bad) {
    Report report{"client", ++batch_, rollout.map, {}};
    ReportItem& item = report.items.emplace_back();
    item.arm = arm;
    item.step = rollout.progress.step + 1;
    item.lookups = item.subjects = subjects;
    if (arm == mapcore::Arm::kStable && rollout.stable) item.digest = rollout.stable->digest;
    if (arm == mapcore::Arm::kCanary && rollout.target)
      item.digest = rollout.target->version.digest;
    if (bad > 0) item.bad["errors"].count = bad;
    for (std::int64_t i = 0; i < bad; ++i)
      item.bad["errors"].subject_hashes.push_back(static_cast<std::uint64_t>(i));
    return report;
  }

  Transition Hear(std::vector<Report> reports) {
    Observation seen;
    seen.reports = std::move(reports);
    return Apply(std::move(seen));
  }

  std::string Stable() const { return rollout.stable ? rollout.stable->digest.Short() : ""; }

  manifests::Strategy strategy = QuickStrategy();
  Rollout rollout;
  Now now{WallTime(std::chrono::hours(1'000)), std::chrono::hours(1)};

 private:
  std::uint64_t batch_ = 0;
};

}  // namespace portolan::reconciler
