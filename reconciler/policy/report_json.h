#pragma once

#include "manifests/value.h"
#include "reconciler/policy/report.h"

namespace portolan::reconciler {

// The report as JSON, for programs and for the records that keep it with its plan: {map, plan,
// policies, at, blocked, cost, verdicts}. Within version 1 members are only added.
manifests::Value ReportToValue(const PolicyReport& report);

// Reads what ReportToValue wrote; unknown members are left alone. Errors: kCorrupt.
Result<PolicyReport> ReportFromValue(const manifests::Value& value);

}  // namespace portolan::reconciler
