#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "reconciler/plan.h"

namespace portolan::reconciler {

// A comment of GitHub may have 65,536 characters; maps past this limit appear in the overview only.
constexpr std::size_t kMarkdownBytesMax = 60'000;
constexpr std::size_t kMarkdownChangesMax = 50;      // rows per map, the rest is counted
constexpr std::size_t kMarkdownMapsMax = 100;        // rows of the overview
constexpr std::size_t kMarkdownDiagnosticsMax = 20;  // of one rejected map

// Text that renders as itself inside a Markdown paragraph, a table cell or HTML: what either could
// take for markup is written as a numeric entity. Code spans are not used, since backticks and bars
// would end them.
std::string EscapeMarkdown(std::string_view text);

// The plan as a comment on a merge request: an overview table, then one collapsible section per
// map. Values are masked and cut as in PlanText. At most kMarkdownBytesMax bytes: what does not fit
// is counted.
std::string PlanMarkdown(const Plan& plan);

}  // namespace portolan::reconciler
