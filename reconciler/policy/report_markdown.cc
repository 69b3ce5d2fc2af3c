#include "reconciler/policy/report_markdown.h"

#include <algorithm>

#include "reconciler/plan_markdown.h"
#include "reconciler/policy/report_text.h"
#include "reconciler/text_format.h"

namespace portolan::reconciler {
namespace {

// Text inside <pre>, where only HTML counts.
std::string EscapeHtml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

// The lines of a text, each printable; line feeds stay.
std::string PrintableLines(const std::string& text) {
  std::string out;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    out += Printable(std::string_view(text).substr(start, end - start)) + "\n";
    start = end + 1;
  }
  return out;
}

std::string Details(const PolicyVerdict& verdict) {
  if (verdict.explanation.empty() && verdict.denied <= 1) return "";
  std::string text =
      "\n<details><summary>" + EscapeMarkdown(verdict.policy) + "</summary>\n\n<pre>\n" +
      EscapeHtml(PrintableLines(verdict.explanation.empty() ? verdict.rule : verdict.explanation)) +
      "</pre>\n";
  if (verdict.denied > 1) {
    text += "\n";
    for (const DeniedKey& key : verdict.keys)
      text += "- " + EscapeMarkdown(Printable(key.key)) + ": " +
              EscapeMarkdown(Cut(Printable(key.message), 200)) + "\n";
    const auto more = verdict.denied - static_cast<std::int64_t>(verdict.keys.size());
    if (more > 0) text += "- and " + Grouped(more) + " more\n";
  }
  const std::string way = HowToBeAllowed(verdict);
  if (!way.empty()) text += "\nTo allow it: " + EscapeMarkdown(way) + ".\n";
  return text + "\n</details>\n";
}

}  // namespace

std::string ReportMarkdown(const PolicyReport& report) {
  std::string rows, details;
  for (const PolicyVerdict& verdict : report.verdicts) {
    if (verdict.outcome == Outcome::kAllow || verdict.outcome == Outcome::kSkipped) continue;
    rows += "| " + VerdictWord(verdict) + " | " + EscapeMarkdown(verdict.policy) + " | " +
            std::string(manifests::kPolicyLevelNames[static_cast<std::size_t>(verdict.level)]) +
            " | " + EscapeMarkdown(Cut(Printable(verdict.message), 300)) + " |\n";
    details += Details(verdict);
  }
  std::string text = "### Policies of " + EscapeMarkdown(report.map) + ": " +
                     (report.blocked() ? "**denied**" : "allowed") + "\n";
  if (!rows.empty()) text += "\n| | Policy | Level | |\n|---|---|---|---|\n" + rows + details;
  return text + "\nJudged by the policy set " + report.policies.Short() + ".\n";
}

}  // namespace portolan::reconciler
