#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "manifests/value.h"
#include "reconciler/policy/report.h"

namespace portolan::reconciler {

// How many plans of one week one policy allowed, denied and so on. Those that it skips count
// nowhere.
struct PolicyWeek {
  std::string week;  // its Monday in UTC, "2026-11-16"
  std::string policy;
  manifests::PolicyLevel level = manifests::PolicyLevel::kHard;  // at the newest of them
  std::int64_t allow = 0;
  std::int64_t deny = 0;
  std::int64_t error = 0;
  std::int64_t waived = 0;
  std::int64_t overridden = 0;

  std::int64_t plans() const { return allow + deny + error + waived + overridden; }
  friend bool operator==(const PolicyWeek&, const PolicyWeek&) = default;
};

// Counts what policies said of plans, so that an advisory policy can be seen to be right before it
// is raised. One thread's own; an Add costs the report's verdicts.
class PolicyStats {
 public:
  // One plan, in the week of the report's time. In any order.
  void Add(const PolicyReport& report);
  std::int64_t plans() const { return plans_; }
  // The newest week first, then by name.
  std::vector<PolicyWeek> Weeks() const;

 private:
  struct Counted {
    PolicyWeek week;
    WallTime newest{};
  };
  std::map<std::pair<std::string, std::string>, Counted> counted_;  // by week and policy
  std::int64_t plans_ = 0;
};

// As the API gives it: {week, policy, level, plans, allow, deny, error, waived, overridden}.
manifests::Value PolicyWeekToValue(const PolicyWeek& week);

}  // namespace portolan::reconciler
