#include "reconciler/plan_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "reconciler/blast_radius.h"
#include "reconciler/change_view.h"
#include "reconciler/plan_summary.h"
#include "reconciler/text_format.h"

// The plan in a terminal. The order is that of questions: what changes, whom does it reach, what
// holds it. Lines wrap with their indent, so that a long value does not hide the next sign.

namespace portolan::reconciler {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

// Signs carry the meaning, colours repeat it: nobody needs to see them.
std::string_view ColorOf(char sign) {
  switch (sign) {
    case '+':
      return "\x1b[32m";
    case '~':
      return "\x1b[33m";
    case '-':
      return "\x1b[31m";
    case '!':
      return "\x1b[1;31m";
    default:
      return "\x1b[1m";
  }
}

std::string FieldWords(const FieldView& field) {
  std::string text = field.path.empty() ? "" : field.path + " ";
  if (field.before && field.after) {
    text += *field.before + " -> " + *field.after;
  } else {
    text += field.path.empty() ? "" : field.after ? "(absent) -> " : "";
    text += field.after ? *field.after : *field.before;
    text += !field.path.empty() && field.before ? " -> (absent)" : "";
  }
  if (!field.relative.empty()) text += " (" + field.relative + ")";
  return text;
}

class Writer {
 public:
  explicit Writer(const PlanTextOptions& options)
      : options_(options), width_(static_cast<std::size_t>(std::max(0, options.width))) {}

  // A paragraph, `depth` levels of two cells deep.
  void Text(int depth, std::string_view text) {
    const std::string pad(static_cast<std::size_t>(2 * depth), ' ');
    for (const std::string& line : Wrap(text, width_, {pad, pad + "  "})) Line(line);
  }

  // A paragraph that a sign leads, at depth 1.
  void Signed(char sign, std::string_view text) {
    const std::string first = std::string("  ") + sign + " ";
    bool leads = true;
    for (std::string& line : Wrap(text, width_, {first, "      "})) {
      // After the wrapping, which counts cells: escape sequences have none.
      if (leads && options_.color) line.replace(2, 1, Colored(sign, std::string_view(&sign, 1)));
      leads = false;
      Line(line);
    }
  }

  void Heading(std::string_view text) {
    for (const std::string& line : Wrap(text, width_, {"", "    "})) {
      Line(options_.color ? Colored(' ', line) : line);
    }
  }

  void Line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }

  std::string Take() { return std::move(out_); }

 private:
  static std::string Colored(char sign, std::string_view text) {
    return std::string(ColorOf(sign)) + std::string(text) + std::string(kReset);
  }

  PlanTextOptions options_;
  std::size_t width_;
  std::string out_;
};

void WriteRevision(const manifests::Revision& revision, Writer& out) {
  out.Heading("Plan of " + RevisionWords(revision));
  if (revision.commit.empty()) return;
  out.Text(1, "by " + Printable(revision.author) + ": " + Printable(revision.subject));
}

// What the lines above left out, by action: a deletion must not hide behind the limit.
std::string RestWords(const ChangeSet& changes, std::size_t shown) {
  std::array<std::int64_t, 3> count{};
  for (std::size_t i = shown; i < changes.changes.size(); ++i) {
    ++count[static_cast<std::size_t>(changes.changes[i].action)];
  }
  std::string detail;
  for (const Action action : {Action::kCreated, Action::kUpdated, Action::kDeleted}) {
    const std::int64_t n = count[static_cast<std::size_t>(action)];
    if (n == 0) continue;
    detail += (detail.empty() ? "" : ", ") + Grouped(n) + " " + std::string(ActionName(action));
  }
  return "and " + Grouped(static_cast<std::int64_t>(changes.changes.size() - shown)) +
         " more (use -o json): " + detail;
}

void WriteChanges(const MapPlan& plan, const PlanTextOptions& options, Writer& out) {
  const auto limit = static_cast<std::size_t>(std::max(0, options.max_changes));
  const std::size_t shown = std::min(plan.changes.changes.size(), limit);
  for (std::size_t i = 0; i < shown; ++i) {
    const ChangeView view = ViewChange(plan, plan.changes.changes[i]);
    std::string text = view.key + "  ";
    for (std::size_t f = 0; f < view.fields.size(); ++f) {
      text += (f == 0 ? "" : ", ") + FieldWords(view.fields[f]);
    }
    out.Signed(view.sign, text);
  }
  if (shown < plan.changes.changes.size()) out.Text(2, RestWords(plan.changes, shown));
}

void WriteFindings(const MapPlan& plan, Writer& out) {
  if (plan.findings.empty()) return;
  for (const Finding& finding : plan.findings) {
    out.Signed('!', "held by " + finding.policy + " (" + finding.level + "): " + finding.message);
  }
  out.Text(2, "to allow it:");
  // Never wrapped: it is there to be copied.
  out.Line("      " + ApproveCommand(plan.id, plan.findings));
}

void WriteMap(const MapPlan& plan, const PlanTextOptions& options, Writer& out) {
  out.Line("");
  out.Heading("map " + Printable(plan.map) + "  " + DigestWords(plan));
  WriteChanges(plan, options, out);
  out.Text(1, "keys: " + Grouped(plan.size_before) + " -> " + Grouped(plan.size_after) + "; " +
                  CountWords(plan.changes));
  out.Text(1, "blast radius:");
  for (const std::string& sentence : BlastRadiusSentences(BlastRadiusOf(plan)))
    out.Text(2, sentence);
  for (const std::string& note : plan.notes) out.Text(1, "note: " + Printable(note));
  WriteFindings(plan, out);
}

void WriteRejected(const Plan& plan, Writer& out) {
  for (const auto& [map, diagnostics] : plan.rejected) {
    out.Line("");
    out.Heading("map " + Printable(map) + "  rejected: keeps its last good version");
    for (const manifests::Diagnostic& diagnostic : diagnostics) {
      out.Signed('!', Printable(manifests::FormatDiagnostic(diagnostic)));
    }
  }
}

void WriteRemoved(const Plan& plan, Writer& out) {
  for (const std::string& map : plan.removed) {
    out.Line("");
    out.Heading("map " + map + "  removed from git");
    out.Text(1, "Retiring: it keeps serving until `portolan prune " + map + "`");
  }
}

}  // namespace

std::string PlanText(const Plan& plan, const PlanTextOptions& options) {
  Writer out(options);
  WriteRevision(plan.revision, out);
  for (const MapPlan& map : plan.maps) WriteMap(map, options, out);
  WriteRejected(plan, out);
  WriteRemoved(plan, out);
  out.Line("");
  if (plan.unchanged > 0) {
    out.Text(0, Grouped(plan.unchanged) + (plan.unchanged == 1 ? " map is" : " maps are") +
                    " unchanged.");
  }
  out.Line(SummaryLine(plan));
  return out.Take();
}

}  // namespace portolan::reconciler
