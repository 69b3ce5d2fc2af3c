#pragma once

#include <string>

#include "reconciler/policy/report.h"

namespace portolan::reconciler {

// How a verdict begins: "DENY", "WARN" of an advisory one, "ERROR", "waived", …
std::string VerdictWord(const PolicyVerdict& verdict);
// "override by another person than the author", "a policy commit only", …; empty when nothing is
// denied.
std::string HowToBeAllowed(const PolicyVerdict& verdict);

// The report for people: every verdict that is not a plain allow, with its message, its rule under
// the values it saw, its keys, and how to be allowed; then a line that counts. Ends with a line
// feed.
//   DENY  max-percent-changed (soft, policies/limits.yaml:3)  changes 21 of 200 keys
//     plan.first || plan.percent <= params.maxPercent
//     false      || 10.5         <= 10.0              ⇒ false
//     cost 7; allow it: an approval despite the policy by a person who is not the author
std::string ReportText(const PolicyReport& report);

}  // namespace portolan::reconciler
