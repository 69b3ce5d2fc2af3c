#include "reconciler/plan_markdown.h"

#include <algorithm>

#include "reconciler/blast_radius.h"
#include "reconciler/change_view.h"
#include "reconciler/plan_summary.h"
#include "reconciler/text_format.h"

// For a comment under a pull request: the forge renders it, folds it and cuts it (65,536
// characters at GitHub). So what decides comes first and outside the folded parts, each part is
// left out as a whole and counted when there is no room, and all text from outside is escaped:
// keys, values and commit subjects are written by others, and must not become links, mentions or
// HTML of ours.

namespace portolan::reconciler {
namespace {

constexpr std::size_t kDiagnosticCellsMax = 300;
constexpr std::size_t kSubjectCellsMax = 200;
constexpr std::size_t kLeftMapsBytesMax = 10'000;

std::string Escaped(std::string_view text) {
  return EscapeMarkdown(Printable(text));
}

std::string Code(std::string_view text) {
  return "<code>" + Escaped(text) + "</code>";
}

std::string Side(const ChangeView& view, std::optional<std::string> FieldView::*side) {
  std::string cell;
  for (const FieldView& field : view.fields) {
    const std::optional<std::string>& value = field.*side;
    if (!cell.empty()) cell += "<br>";
    if (!value) {
      cell += field.path.empty() ? "" : "<i>absent</i>";
      continue;
    }
    cell += Code(field.path.empty() ? *value : field.path + ": " + *value);
    if (side == &FieldView::after && !field.relative.empty()) {
      cell += " (" + Escaped(field.relative) + ")";
    }
  }
  return cell;
}

std::string ChangeRow(const ChangeView& view) {
  return std::string("| ") + EscapeMarkdown(std::string_view(&view.sign, 1)) + " | " +
         Code(view.key) + " | " + Side(view, &FieldView::before) + " | " +
         Side(view, &FieldView::after) + " |\n";
}

std::string ChangeTable(const MapPlan& plan) {
  std::string out = "| | key | before | after |\n|---|---|---|---|\n";
  const std::size_t shown = std::min(plan.changes.changes.size(), kMarkdownChangesMax);
  for (std::size_t i = 0; i < shown; ++i)
    out += ChangeRow(ViewChange(plan, plan.changes.changes[i]));
  if (shown < plan.changes.changes.size()) {
    const auto rest = static_cast<std::int64_t>(plan.changes.changes.size() - shown);
    out += "\nand " + Grouped(rest) + " more (use -o json)\n";
  }
  return out;
}

std::string MapSection(const MapPlan& plan) {
  std::string out = "<details><summary><b>" + Escaped(plan.map) + "</b> " +
                    Escaped(DigestWords(plan)) + ": " + CountWords(plan.changes) +
                    "</summary>\n\n" + ChangeTable(plan) + "\n**Blast radius**\n\n";
  for (const std::string& sentence : BlastRadiusSentences(BlastRadiusOf(plan))) {
    out += "- " + EscapeMarkdown(sentence) + "\n";
  }
  for (const std::string& note : plan.notes) out += "- note: " + Escaped(note) + "\n";
  return out + "\nPlan " + Code(plan.id.ToString()) + "\n\n</details>\n\n";
}

// Outside the collapsible section: what holds a change must be seen without a click.
std::string Held(const MapPlan& plan) {
  std::string out;
  for (const Finding& finding : plan.findings) {
    out += "**" + Escaped(plan.map) + " is held** by " + Escaped(finding.policy) + " (" +
           Escaped(finding.level) + "): " + Escaped(finding.message) + "\n\n";
  }
  if (plan.findings.empty()) return out;
  return out + "To allow it: " + Code(ApproveCommand(plan.id, plan.findings)) + "\n\n";
}

std::string FirstStep(const MapPlan& plan) {
  const BlastRadius radius = BlastRadiusOf(plan);
  return WeightPercent(radius.weights.empty() ? mapcore::kWeightMax : radius.weights.front());
}

std::string Overview(const Plan& plan) {
  if (plan.maps.empty()) return "No map changes.\n\n";
  std::string out =
      "| map | created | updated | deleted | keys | first step | "
      "|\n|---|--:|--:|--:|--:|--:|---|\n";
  const std::size_t shown = std::min(plan.maps.size(), kMarkdownMapsMax);
  for (std::size_t i = 0; i < shown; ++i) {
    const MapPlan& map = plan.maps[i];
    out += "| " + Escaped(map.map) + " | " + Grouped(map.changes.created) + " | " +
           Grouped(map.changes.updated) + " | " + Grouped(map.changes.deleted) + " | " +
           Grouped(map.size_after) + " | " + FirstStep(map) + " | " +
           (map.findings.empty() ? "" : "**held**") + " |\n";
  }
  if (shown < plan.maps.size()) {
    out += "\nand " + Grouped(static_cast<std::int64_t>(plan.maps.size() - shown)) + " more maps\n";
  }
  return out + "\n";
}

// The blocks that fit into `budget` bytes, and a line that counts the others.
// First come, first served, and smaller ones behind may still fit: what is left out is said.
std::string Fit(const std::vector<std::string>& blocks, std::size_t budget, std::string_view what) {
  std::string out;
  std::size_t left_out = 0;
  for (const std::string& block : blocks) {
    if (out.size() + block.size() > budget) {
      ++left_out;
    } else {
      out += block;
    }
  }
  if (left_out == 0) return out;
  return out + "**" + Grouped(static_cast<std::int64_t>(left_out)) + " of " +
         Grouped(static_cast<std::int64_t>(blocks.size())) + " " + std::string(what) +
         " do not fit here** (use `portolan plan -o json`)\n\n";
}

std::string Sections(const Plan& plan, std::size_t budget) {
  std::vector<std::string> blocks;
  for (const MapPlan& map : plan.maps) blocks.push_back(Held(map) + MapSection(map));
  return Fit(blocks, budget, "maps with changes");
}

std::string RejectedMap(const std::string& map,
                        const std::vector<manifests::Diagnostic>& diagnostics) {
  std::string out = "**" + Escaped(map) + " is rejected** and keeps its last good version:\n\n";
  const std::size_t shown = std::min(diagnostics.size(), kMarkdownDiagnosticsMax);
  for (std::size_t i = 0; i < shown; ++i) {
    out +=
        "- " + Code(Cut(manifests::FormatDiagnostic(diagnostics[i]), kDiagnosticCellsMax)) + "\n";
  }
  if (shown < diagnostics.size()) {
    out += "- and " + Grouped(static_cast<std::int64_t>(diagnostics.size() - shown)) + " more\n";
  }
  return out + "\n";
}

std::string LeftMaps(const Plan& plan) {
  std::vector<std::string> rejected;
  for (const auto& [map, diagnostics] : plan.rejected) {
    rejected.push_back(RejectedMap(map, diagnostics));
  }
  std::vector<std::string> removed;
  for (const std::string& map : plan.removed) {
    removed.push_back("**" + Escaped(map) + " left git**: Retiring, it keeps serving until " +
                      Code("portolan prune " + map) + "\n\n");
  }
  return Fit(rejected, kLeftMapsBytesMax, "rejected maps") +
         Fit(removed, kLeftMapsBytesMax, "maps that left git");
}

}  // namespace

std::string EscapeMarkdown(std::string_view text) {
  // As numeric entities: a backslash is not an escape inside <code>, and "@name" would notify
  // people.
  constexpr std::string_view kMarkup = "&<>`|*_[]\\~@#!$";
  std::string out;
  for (const char c : text) {
    if (kMarkup.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += "&#" + std::to_string(static_cast<int>(c)) + ";";
    }
  }
  return out;
}

std::string PlanMarkdown(const Plan& plan) {
  const manifests::Revision& revision = plan.revision;
  std::string head = "### Plan of " + Escaped(RevisionWords(revision)) + "\n\n";
  if (!revision.commit.empty()) {
    head += "by " + Escaped(Cut(revision.author, kSubjectCellsMax)) + ": " +
            Escaped(Cut(revision.subject, kSubjectCellsMax)) + "\n\n";
  }
  head += Overview(plan);
  // Head and tail are budgeted first: the summary is never what is cut.
  const std::string tail = LeftMaps(plan) + SummaryLine(plan) + "\n";
  const std::size_t used = head.size() + tail.size();
  const std::size_t budget = used < kMarkdownBytesMax ? kMarkdownBytesMax - used : 0;
  return head + Sections(plan, budget) + tail;
}

}  // namespace portolan::reconciler
