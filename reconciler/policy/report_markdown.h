#pragma once

#include <string>

#include "reconciler/policy/report.h"

namespace portolan::reconciler {

// The report as a section of a comment on a merge request: a table of verdicts that are no plain
// allow, and a collapsible block with rule and values for each. Foreign text is escaped.
std::string ReportMarkdown(const PolicyReport& report);

}  // namespace portolan::reconciler
