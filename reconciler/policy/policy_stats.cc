#include "reconciler/policy/policy_stats.h"

#include <algorithm>
#include <chrono>

namespace portolan::reconciler {
namespace {

std::string MondayOf(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::weekday weekday(day);
  return FormatTime(day - (weekday - std::chrono::Monday)).substr(0, 10);
}

}  // namespace

void PolicyStats::Add(const PolicyReport& report) {
  ++plans_;
  const std::string week = MondayOf(report.at);
  for (const PolicyVerdict& verdict : report.verdicts) {
    if (verdict.outcome == Outcome::kSkipped) continue;
    Counted& counted = counted_[{week, verdict.policy}];
    counted.week.week = week;
    counted.week.policy = verdict.policy;
    if (report.at >= counted.newest) {
      counted.newest = report.at;
      counted.week.level = verdict.level;
    }
    switch (verdict.outcome) {
      case Outcome::kAllow:
        ++counted.week.allow;
        break;
      case Outcome::kDeny:
        ++counted.week.deny;
        break;
      case Outcome::kError:
        ++counted.week.error;
        break;
      case Outcome::kWaived:
        ++counted.week.waived;
        break;
      case Outcome::kOverridden:
        ++counted.week.overridden;
        break;
      case Outcome::kSkipped:
        break;
    }
  }
}

std::vector<PolicyWeek> PolicyStats::Weeks() const {
  std::vector<PolicyWeek> weeks;
  for (const auto& [key, counted] : counted_) weeks.push_back(counted.week);
  std::ranges::stable_sort(weeks, std::ranges::greater(), &PolicyWeek::week);
  return weeks;
}

manifests::Value PolicyWeekToValue(const PolicyWeek& week) {
  return manifests::Value::Object{
      {"week", week.week},
      {"policy", week.policy},
      {"level", manifests::kPolicyLevelNames[static_cast<std::size_t>(week.level)]},
      {"plans", week.plans()},
      {"allow", week.allow},
      {"deny", week.deny},
      {"error", week.error},
      {"waived", week.waived},
      {"overridden", week.overridden}};
}

}  // namespace portolan::reconciler
