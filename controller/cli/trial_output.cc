#include "controller/cli/trial_output.h"

#include <algorithm>
#include <map>
#include <optional>

#include "reconciler/plan_json.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::TrialResult;

std::string EscapeXml(const std::string& text) {
  std::string out;
  for (const char c : reconciler::Printable(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string NameOf(manifests::PolicyExpect expect) {
  return std::string(manifests::kPolicyExpectNames[static_cast<std::size_t>(expect)]);
}

std::string Place(const TrialResult& trial) {
  return trial.file + ":" + std::to_string(trial.position.line) + ":" +
         std::to_string(trial.position.column);
}

struct JunitCase {
  std::string name;
  std::string file;
  int line = 1;
};

class JunitSuites {
 public:
  void Add(const std::string& suite, const JunitCase& made,
           const std::optional<std::string>& failure) {
    Suite& each = suites_[suite];
    ++each.tests;
    each.failures += failure ? 1 : 0;
    each.cases += "    <testcase classname=\"" + EscapeXml(suite) + "\" name=\"" +
                  EscapeXml(made.name) + "\" file=\"" + EscapeXml(made.file) + "\" line=\"" +
                  std::to_string(made.line) + "\"";
    each.cases +=
        failure ? ">\n      <failure message=\"" + EscapeXml(*failure) + "\"/>\n    </testcase>\n"
                : "/>\n";
  }
  std::string Text() const {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
    for (const auto& [name, suite] : suites_)
      text += "  <testsuite name=\"" + EscapeXml(name) + "\" tests=\"" +
              std::to_string(suite.tests) + "\" failures=\"" + std::to_string(suite.failures) +
              "\">\n" + suite.cases + "  </testsuite>\n";
    return text + "</testsuites>\n";
  }

 private:
  struct Suite {
    std::string cases;
    int tests = 0, failures = 0;
  };
  std::map<std::string, Suite> suites_;
};

}  // namespace

std::string TrialsToJunit(const std::vector<TrialResult>& trials) {
  JunitSuites suites;
  for (const TrialResult& trial : trials)
    suites.Add(trial.policy, {trial.test, trial.file, trial.position.line},
               trial.passed() ? std::nullopt : std::optional(trial.complaint));
  return suites.Text();
}

std::string TrialsToTap(const std::vector<TrialResult>& trials) {
  std::string text = "TAP version 14\n1.." + std::to_string(trials.size()) + "\n";
  int number = 0;
  for (const TrialResult& trial : trials) {
    std::string name = reconciler::Printable(trial.policy + ": " + trial.test);
    // '#' would begin a directive, such as TODO, which makes a failure one that is expected.
    for (std::size_t at = 0; (at = name.find('#', at)) != std::string::npos; at += 2)
      name.insert(at, 1, '\\');
    text += (trial.passed() ? "ok " : "not ok ") + std::to_string(++number) + " - " + name + "\n";
    if (!trial.passed())
      text += "  ---\n  message: " + manifests::WriteJson(trial.complaint) +
              "\n  at: " + manifests::WriteJson(trial.file) +
              "\n  line: " + std::to_string(trial.position.line) + "\n  ...\n";
  }
  return text;
}

std::string LintToJunit(const std::vector<std::string>& files,
                        const std::vector<manifests::Diagnostic>& diagnostics, bool strict) {
  JunitSuites suites;
  for (const std::string& file : files) {
    const bool clean = std::ranges::none_of(
        diagnostics, [&](const auto& diagnostic) { return diagnostic.file == file; });
    if (clean) suites.Add(file, {"lint", file, 1}, std::nullopt);
  }
  for (const manifests::Diagnostic& diagnostic : diagnostics) {
    const bool counts = strict || diagnostic.severity == manifests::Diagnostic::Severity::kError;
    const std::string text = FormatDiagnostic(diagnostic);
    suites.Add(diagnostic.file,
               {diagnostic.field.empty() ? "lint" : diagnostic.field, diagnostic.file,
                diagnostic.position.line},
               counts ? std::optional(text) : std::nullopt);
  }
  return suites.Text();
}

std::string TrialsToText(const std::vector<TrialResult>& trials, bool all) {
  std::string text;
  for (const TrialResult& trial : trials) {
    if (trial.passed() && !all) continue;
    text += std::string(trial.passed() ? "ok    " : "FAIL  ") +
            reconciler::Printable(trial.policy + ": " + trial.test) + "\n";
    if (!trial.passed())
      text += "      " + reconciler::Printable(Place(trial) + ": " + trial.complaint) + "\n";
  }
  return text;
}

std::string GapsToText(const std::vector<reconciler::RuleGap>& gaps) {
  std::string text;
  for (const reconciler::RuleGap& gap : gaps)
    text += "GAP   " +
            reconciler::Printable(gap.policy + ": `" + gap.gap.text + "` " + gap.gap.missing) +
            "\n";
  return text;
}

Value GapsToValue(const std::vector<reconciler::RuleGap>& gaps) {
  Value::Array items;
  for (const reconciler::RuleGap& gap : gaps)
    items.push_back(Value::Object{{"policy", gap.policy},
                                  {"offset", gap.gap.offset},
                                  {"text", gap.gap.text},
                                  {"missing", gap.gap.missing}});
  return items;
}

Value TrialsToValue(const std::vector<TrialResult>& trials) {
  Value::Array items;
  std::int64_t failed = 0;
  for (const TrialResult& trial : trials) {
    failed += trial.passed() ? 0 : 1;
    items.push_back(Value::Object{{"policy", trial.policy},
                                  {"test", trial.test},
                                  {"file", trial.file},
                                  {"line", trial.position.line},
                                  {"passed", trial.passed()},
                                  {"expected", NameOf(trial.expected)},
                                  {"found", NameOf(trial.found)},
                                  {"message", trial.message},
                                  {"complaint", trial.complaint}});
  }
  return Value::Object{{"apiVersion", reconciler::kCliApiVersion},
                       {"kind", "PolicyTestResult"},
                       {"passed", static_cast<std::int64_t>(trials.size()) - failed},
                       {"failed", failed},
                       {"tests", std::move(items)}};
}

}  // namespace portolan::controller
