#include "bench/rollout_simulation.h"

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <vector>

#include "mapcore/base/random.h"
#include "reconciler/rollout/step.h"

namespace portolan::bench {
namespace {

using mapcore::Arm;

constexpr std::uint32_t kSubjects = 100'000;
constexpr int kReportersMax = 4;
constexpr int kSilentSeconds = 10;

// Random as the standard library's distributions take it.
struct Generator {
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return random.Next(); }
  Random random;
};

class Simulation {
 public:
  explicit Simulation(const Fleet& fleet)
      : fleet_(fleet),
        generator_{Random(fleet.seed)},
        troubles_{Random(~fleet.seed)},
        arrivals_(fleet.lookups_per_second),
        reporters_(fleet.trouble == Trouble::kRollingRestart ? kReportersMax : 1) {
    buckets_.reserve(kSubjects);
    for (std::uint32_t i = 0; i < kSubjects; ++i)
      buckets_.push_back(static_cast<std::uint32_t>(generator_.random.Below(mapcore::kWeightMax)));
    for (auto& seen : seen_) seen.resize(kSubjects);
    reconciler::VersionRef stable;
    stable.digest = Sha256Of("stable");
    rollout_.map = "simulated";
    rollout_.phase = reconciler::Phase::kHealthy;
    rollout_.stable = stable;
    reconciler::Observation seen;
    reconciler::Target target;
    target.version.digest = Sha256Of("canary");
    target.base = stable.digest;
    target.strategy = fleet.strategy;
    seen.desired = target;
    Observe(std::move(seen));
  }

  Outcome Run(End until, int limit_s) {
    for (second_ = 1; second_ <= limit_s; ++second_) {
      reconciler::Observation seen;
      seen.reports = LookUpForASecond();
      Observe(std::move(seen));
      const reconciler::Phase phase = rollout_.phase;
      const std::uint32_t step = rollout_.progress.step + 1;
      if (phase == reconciler::Phase::kRollingBack) return {End::kRolledBack, second_, step};
      if (phase == reconciler::Phase::kHealthy) return {End::kHealthy, second_, step};
      if (phase == reconciler::Phase::kBaking && until == End::kBaking)
        return {End::kBaking, second_, step};
    }
    return {End::kTimeout, limit_s, 0};
  }

 private:
  void Observe(reconciler::Observation seen) {
    seen.now = {WallTime(std::chrono::seconds(second_)), std::chrono::seconds(second_)};
    rollout_ = reconciler::Step(rollout_, seen).next;
  }

  static bool Chance(Generator& generator, double probability) {
    return static_cast<double>(generator() >> 11) * 0x1p-53 < probability;
  }

  // The trouble draws from a generator of its own: without it the fleet of the same seed has the
  // same lookups, of which the same fail.
  bool Troubled(std::uint32_t subject) {
    switch (fleet_.trouble) {
      case Trouble::kStickySubjects:
        if (subject % 1'000 == 0) return true;
        break;
      case Trouble::kOneSubject:
        if (subject == 0) return true;
        break;
      case Trouble::kBursts:
        if (second_ % 20 < 3 && subject % 97 == static_cast<std::uint32_t>(second_ / 20) % 97)
          return true;
        break;
      case Trouble::kOutage:
        if (second_ >= 20 && second_ < 60 && Chance(troubles_, 0.5)) return true;
        break;
      case Trouble::kOutageInBake:
        if (second_ >= 130 && second_ < 170 && Chance(troubles_, 0.5)) return true;
        break;
      case Trouble::kNone:
      case Trouble::kRollingRestart:
        break;
    }
    return false;
  }
  bool Fails(std::uint32_t subject, Arm arm) {
    const bool by_itself =
        Chance(generator_, fleet_.bad_ratio * (arm == Arm::kCanary ? fleet_.times_worse : 1));
    return Troubled(subject) || by_itself;
  }

  // Whether a reporter is away, and how often it has been.
  bool Silent(int reporter) const {
    const int from = kSilentSeconds * (1 + reporter);
    return reporters_ > 1 && second_ >= from && second_ < from + kSilentSeconds;
  }
  std::string NameOf(int reporter) const {
    const bool before = second_ < kSilentSeconds * (2 + reporter);
    return "client-" + std::to_string(reporter) + (before ? "" : "-again");
  }

  void LookUp(const reconciler::Serving& serving,
              std::array<reconciler::Report, kReportersMax>& to) {
    const bool loud = fleet_.trouble == Trouble::kOneSubject && Chance(troubles_, 0.05);
    const auto drawn = static_cast<std::uint32_t>(generator_.random.Below(kSubjects));
    const std::uint32_t subject = loud ? 0 : drawn;
    const auto reporter =
        static_cast<std::size_t>(generator_.random.Below(static_cast<std::uint64_t>(reporters_)));
    const Arm arm = buckets_[subject] < serving.split.weight ? Arm::kCanary : Arm::kStable;
    const bool failed = Fails(subject, arm);
    if (Silent(static_cast<int>(reporter))) return;
    reconciler::ReportItem& item = to[reporter].items[arm == Arm::kCanary ? 1 : 0];
    ++item.lookups;
    if (std::exchange(seen_[reporter][subject], serving.step) != serving.step) ++item.subjects;
    if (!failed) return;
    reconciler::BadEvents& events = item.bad["errors"];
    ++events.count;
    events.subject_hashes.push_back(subject);
  }

  std::vector<reconciler::Report> LookUpForASecond() {
    const reconciler::Serving serving = reconciler::ServingOf(rollout_);
    std::array<reconciler::Report, kReportersMax> reports;
    for (int i = 0; i < reporters_; ++i) {
      reconciler::Report& report = reports[static_cast<std::size_t>(i)];
      report = {NameOf(i), static_cast<std::uint64_t>(second_), rollout_.map, {{}, {}}};
      for (reconciler::ReportItem& item : report.items) item.step = serving.step;
      report.items[0].digest = *serving.stable;
      report.items[1].digest = serving.canary.value_or(*serving.stable);
      report.items[1].arm = Arm::kCanary;
    }
    for (std::uint64_t left = arrivals_(generator_); left > 0; --left) LookUp(serving, reports);
    std::vector<reconciler::Report> sent;
    for (int i = 0; i < reporters_; ++i) {
      reconciler::Report& report = reports[static_cast<std::size_t>(i)];
      std::erase_if(report.items, [](const auto& item) { return item.lookups == 0; });
      if (!Silent(i) && !report.items.empty()) sent.push_back(std::move(report));
    }
    return sent;
  }

  const Fleet& fleet_;
  Generator generator_;
  Generator troubles_;
  std::poisson_distribution<std::uint64_t> arrivals_;
  const int reporters_;
  std::vector<std::uint32_t> buckets_;
  std::array<std::vector<std::uint32_t>, kReportersMax> seen_;  // the last step, by subject
  reconciler::Rollout rollout_;
  int second_ = 0;
};

}  // namespace

Outcome Simulate(const Fleet& fleet, End until, int limit_s) {
  return Simulation(fleet).Run(until, limit_s);
}

}  // namespace portolan::bench
