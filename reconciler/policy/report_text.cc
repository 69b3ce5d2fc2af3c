#include "reconciler/policy/report_text.h"

#include <algorithm>

#include "reconciler/text_format.h"

namespace portolan::reconciler {
namespace {

using manifests::PolicyLevel;

// The lines of a text, each printable and indented.
std::string Indented(const std::string& text, std::string_view indent) {
  std::string lines;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines +=
        std::string(indent) + Printable(std::string_view(text).substr(start, end - start)) + "\n";
    start = end + 1;
  }
  return lines;
}

std::string KeyLines(const PolicyVerdict& verdict) {
  std::string lines;
  for (std::size_t i = 1; i < verdict.keys.size(); ++i)
    lines += "    " + Cut(Printable(verdict.keys[i].key), 120) + ": " +
             Cut(Printable(verdict.keys[i].message), 200) + "\n";
  const auto shown = static_cast<std::int64_t>(verdict.keys.size());
  if (verdict.denied > shown)
    lines += "    and " + Grouped(verdict.denied - shown) + " more keys\n";
  return lines;
}

std::string VerdictText(const PolicyVerdict& verdict) {
  std::string text =
      VerdictWord(verdict) + "  " + Printable(verdict.policy) + " (" +
      std::string(manifests::kPolicyLevelNames[static_cast<std::size_t>(verdict.level)]) + ", " +
      Printable(verdict.place) + ")  " + Printable(verdict.message) + "\n";
  if (!verdict.explanation.empty())
    text += Indented(verdict.explanation, "  ");
  else if (!verdict.rule.empty() && verdict.outcome != Outcome::kWaived)
    text += Indented(verdict.rule, "  ");
  if (verdict.denied > 1)
    text += "  " + Grouped(verdict.denied) + " keys, the first \"" +
            Cut(Printable(verdict.keys.front().key), 120) + "\"; then:\n" + KeyLines(verdict);
  if (!verdict.waiver.empty()) text += "  waiver " + Printable(verdict.waiver) + "\n";
  if (verdict.override_note)
    text += "  by " + Printable(verdict.override_note->by) + ": " +
            Printable(verdict.override_note->reason) + "\n";
  std::string last = verdict.cost == 0 ? "" : "cost " + std::to_string(verdict.cost);
  const std::string way = HowToBeAllowed(verdict);
  if (!way.empty()) last += (last.empty() ? "" : "; ") + ("allow it: " + way);
  return last.empty() ? text : text + "  " + last + "\n";
}

}  // namespace

std::string VerdictWord(const PolicyVerdict& verdict) {
  if (verdict.outcome == Outcome::kError) return verdict.blocks() ? "ERROR" : "WARN";
  if (verdict.outcome == Outcome::kDeny) return verdict.blocks() ? "DENY" : "WARN";
  return std::string(OutcomeName(verdict.outcome));
}

std::string HowToBeAllowed(const PolicyVerdict& verdict) {
  if (!verdict.blocks()) return "";
  if (verdict.level == PolicyLevel::kSoft)
    return "an approval despite the policy by a person who is not the author, or a waiver";
  return "change the plan, or the policy by a commit of its own";
}

std::string ReportText(const PolicyReport& report) {
  std::string text;
  std::int64_t blocking = 0, warnings = 0, skipped = 0;
  for (const PolicyVerdict& verdict : report.verdicts) {
    skipped += verdict.outcome == Outcome::kSkipped ? 1 : 0;
    if (verdict.outcome == Outcome::kAllow || verdict.outcome == Outcome::kSkipped) continue;
    blocking += verdict.blocks() ? 1 : 0;
    warnings += verdict.blocks() ? 0 : 1;
    text += VerdictText(verdict);
  }
  return text + "Policies of " + Printable(report.map) + ": " +
         (report.blocked() ? "DENIED" : "allowed") + "; " + Grouped(blocking) + " deny, " +
         Grouped(warnings) + " to know, " +
         Grouped(static_cast<std::int64_t>(report.verdicts.size()) - skipped) + " judged by set " +
         report.policies.Short() + ".\n";
}

}  // namespace portolan::reconciler
