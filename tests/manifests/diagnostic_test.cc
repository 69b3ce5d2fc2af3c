#include "manifests/diagnostic.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

Diagnostic DiagnosticAt(const std::string& file, int line, int column, const std::string& message) {
  Diagnostic diagnostic;
  diagnostic.file = file;
  diagnostic.position = {line, column};
  diagnostic.message = message;
  return diagnostic;
}

TEST(FormatDiagnostic, SaysWhereWhatAndWhatToDo) {
  Diagnostic diagnostic = DiagnosticAt("maps/a.yaml", 14, 12, "unknown field");
  diagnostic.field = "spec.strateg";
  diagnostic.hint = "did you mean \"strategy\"?";
  EXPECT_EQ(FormatDiagnostic(diagnostic),
            "maps/a.yaml:14:12: spec.strateg: unknown field; did you mean \"strategy\"?");
}

TEST(FormatDiagnostic, LeavesNoGapForAbsentParts) {
  EXPECT_EQ(FormatDiagnostic(DiagnosticAt("a.yaml", 0, 0, "too large")), "a.yaml: too large");
  EXPECT_EQ(FormatDiagnostic(DiagnosticAt("", 2, 3, "bad")), "2:3: bad");
  EXPECT_EQ(FormatDiagnostic(DiagnosticAt("", 0, 0, "bad")), "bad");
}

TEST(FormatDiagnostic, MarksWarnings) {
  Diagnostic diagnostic = DiagnosticAt("a.yaml", 1, 2, "deprecated");
  diagnostic.severity = Diagnostic::Severity::kWarning;
  EXPECT_EQ(FormatDiagnostic(diagnostic), "a.yaml:1:2: warning: deprecated");
}

TEST(FormatDiagnostics, SortsByFileThenPlace) {
  EXPECT_EQ(FormatDiagnostics({DiagnosticAt("b", 1, 1, "4"), DiagnosticAt("a", 10, 1, "3"),
                               DiagnosticAt("a", 2, 9, "2"), DiagnosticAt("a", 2, 3, "1")}),
            "a:2:3: 1\na:2:9: 2\na:10:1: 3\nb:1:1: 4\n");
  EXPECT_EQ(FormatDiagnostics({}), "");
}

TEST(FormatDiagnostics, PrintsFiftyAndCountsTheRest) {
  std::vector<Diagnostic> many;
  for (int line = 1; line <= kDiagnosticsPrintedMax; ++line)
    many.push_back(DiagnosticAt("a", line, 1, "x"));
  EXPECT_EQ(FormatDiagnostics(many).find("more"), std::string::npos);
  many.push_back(DiagnosticAt("a", 51, 1, "unseen"));
  many.push_back(DiagnosticAt("a", 52, 1, "unseen"));
  const std::string text = FormatDiagnostics(many);
  EXPECT_NE(text.find("a:50:1: x\nand 2 more\n"), std::string::npos);
  EXPECT_EQ(text.find("unseen"), std::string::npos);
}

TEST(JoinField, QuotesKeysThatAreNoPlainWords) {
  EXPECT_EQ(JoinField("", "spec"), "spec");
  EXPECT_EQ(JoinField(JoinField("spec.entries", "api/login"), "rps"),
            "spec.entries.\"api/login\".rps");
  EXPECT_EQ(JoinField("a", ""), "a.\"\"");
  EXPECT_EQ(JoinField("spec.steps", std::size_t{3}), "spec.steps[3]");
}

TEST(QuoteForMessage, EscapesAndShortensAtACharacter) {
  EXPECT_EQ(QuoteForMessage("a\"\n"), "\"a\\\"\\n\"");
  std::string text(79, 'x');
  text += "üyyy";
  EXPECT_EQ(QuoteForMessage(text), "\"" + std::string(79, 'x') + "…\"");
  EXPECT_EQ(QuoteForMessage(std::string(80, 'x')), "\"" + std::string(80, 'x') + "\"");
}

}  // namespace
}  // namespace portolan::manifests
