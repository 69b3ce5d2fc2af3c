#pragma once

#include <string>

#include "reconciler/plan.h"

namespace portolan::reconciler {

struct PlanTextOptions {
  int width = 80;        // cells; 0 or less: lines are not wrapped
  bool color = false;    // ANSI colours on top of the signs, never instead of them
  int max_changes = 50;  // per map; the rest is counted
};

// The plan for people, ending with SummaryLine() and a newline. Lines keep to the width, except the
// two that are copied or searched for: `portolan approve …` and the summary. Sensitive values are
// masked, long ones cut, and bytes that would steer a terminal escaped.
std::string PlanText(const Plan& plan, const PlanTextOptions& options);

}  // namespace portolan::reconciler
