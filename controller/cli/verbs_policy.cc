#include <algorithm>
#include <memory>
#include <ostream>

#include "controller/cli/policy_input.h"
#include "controller/cli/trial_output.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "mapcore/base/did_you_mean.h"
#include "reconciler/plan_json.h"
#include "reconciler/policy/cel/functions.h"
#include "reconciler/policy/cel/regex.h"
#include "reconciler/policy/verdict.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Diagnostic;
using manifests::PolicyExpect;
using manifests::Value;
using reconciler::Printable;
using reconciler::TrialResult;

Result<LoadedPolicies> Load(const VerbSession& session, std::size_t positional,
                            const reconciler::TrialOptions& tests = {}) {
  const Invocation& call = session.call();
  return LoadPolicies(
      {call.Get("repo", call.At(positional, ".")), call.Get("head"), call.Get("path")},
      session.now().wall, tests);
}

ExitCode FailLocal(const VerbSession& session, const Error& error) {
  return session.FailAs(ExitCode::kInputOutput, error,
                        "PATH is a directory of manifests; --repo DIR names a git repository");
}

std::size_t CountErrors(const std::vector<Diagnostic>& diagnostics) {
  return static_cast<std::size_t>(
      std::ranges::count(diagnostics, Diagnostic::Severity::kError, &Diagnostic::severity));
}

// What is wrong with the files besides the policies: an unreadable one may hide a policy.
std::vector<Diagnostic> Unreadable(const LoadedPolicies& loaded) {
  return loaded.state.policies.incomplete ? loaded.state.diagnostics : std::vector<Diagnostic>{};
}

// A rule that no test sees allow, or that none sees deny.
void CheckCoverage(const LoadedPolicies& loaded, std::vector<Diagnostic>& diagnostics) {
  for (const auto& [name, policy] : loaded.state.policies.policies) {
    if (!policy->validator.empty()) continue;  // tests cannot run it
    for (const PolicyExpect expect : {PolicyExpect::kAllow, PolicyExpect::kDeny}) {
      const bool seen = std::ranges::any_of(loaded.compiled.trials, [&](const TrialResult& trial) {
        return trial.policy == name && trial.expected == expect;
      });
      if (seen) continue;
      Diagnostic warning = manifests::ErrorAt(
          policy->file, policy->position,
          "policy " + manifests::QuoteForMessage(name) + " has no test that expects " +
              std::string(manifests::kPolicyExpectNames[static_cast<std::size_t>(expect)]));
      warning.severity = Diagnostic::Severity::kWarning;
      diagnostics.push_back(std::move(warning));
    }
  }
}

// A match for maps that covers none of those declared beside the policy.
void CheckMatches(const LoadedPolicies& loaded, std::vector<Diagnostic>& diagnostics) {
  if (loaded.state.maps.empty()) return;
  for (const auto& [name, policy] : loaded.state.policies.policies) {
    manifests::PolicyMatch maps_only;
    maps_only.maps = policy->match.maps;
    if (std::ranges::any_of(loaded.state.maps, [&](const auto& map) {
          return reconciler::Covers(maps_only, map.first, {});
        }))
      continue;
    Diagnostic warning = manifests::ErrorAt(
        policy->file, policy->position,
        "policy " + manifests::QuoteForMessage(name) + " matches no map of this source");
    warning.severity = Diagnostic::Severity::kWarning;
    diagnostics.push_back(std::move(warning));
  }
}

Value DiagnosticsToValue(const std::vector<Diagnostic>& diagnostics) {
  Value::Array items;
  for (const Diagnostic& diagnostic : diagnostics)
    items.push_back(Value::Object{
        {"severity", diagnostic.severity == Diagnostic::Severity::kError ? "error" : "warning"},
        {"file", diagnostic.file},
        {"line", diagnostic.position.line},
        {"column", diagnostic.position.column},
        {"field", diagnostic.field},
        {"message", diagnostic.message},
        {"hint", diagnostic.hint}});
  return items;
}

// Where the policies, waivers and tests stand.
std::vector<std::string> FilesOf(const manifests::PolicySet& set) {
  std::vector<std::string> files;
  for (const auto& [name, policy] : set.policies) files.push_back(policy->file);
  for (const auto& [name, waiver] : set.waivers) files.push_back(waiver->file);
  for (const auto& test : set.tests) files.push_back(test->file);
  std::ranges::sort(files);
  const auto repeated = std::ranges::unique(files);
  files.erase(repeated.begin(), repeated.end());
  return files;
}

ExitCode RunLint(VerbSession& session) {
  const std::string output = session.call().Get("output", "text");
  if (output != "text" && output != "json" && output != "junit")
    return session.FailUsage("policy lint -o takes text, json or junit, found \"" + output + "\"");
  const auto loaded = Load(session, 0);
  if (!loaded.ok()) return FailLocal(session, loaded.error());
  std::vector<Diagnostic> diagnostics = loaded->compiled.diagnostics;
  for (const Diagnostic& diagnostic : Unreadable(*loaded)) diagnostics.push_back(diagnostic);
  CheckCoverage(*loaded, diagnostics);
  CheckMatches(*loaded, diagnostics);
  manifests::SortDiagnostics(diagnostics);
  const std::size_t errors = CountErrors(diagnostics);
  const bool strict = session.call().Has("strict");
  const bool valid = errors == 0 && (!strict || diagnostics.empty());
  if (output == "junit")
    session.out() << LintToJunit(FilesOf(loaded->state.policies), diagnostics, strict);
  else if (output == "json")
    session.PrintValue(Value::Object{{"apiVersion", reconciler::kCliApiVersion},
                                     {"kind", "PolicyLint"},
                                     {"valid", valid},
                                     {"diagnostics", DiagnosticsToValue(diagnostics)}});
  else
    session.out() << manifests::FormatDiagnostics(diagnostics);
  session.Progress(std::to_string(loaded->state.policies.policies.size()) + " policies, " +
                   std::to_string(loaded->state.policies.waivers.size()) + " waivers, " +
                   std::to_string(errors) + " errors, " +
                   std::to_string(diagnostics.size() - errors) + " warnings");
  return valid ? ExitCode::kOk : ExitCode::kInvalid;
}

// Errors that are no failed test: then the set says nothing.
std::vector<Diagnostic> OtherErrors(const LoadedPolicies& loaded) {
  std::vector<Diagnostic> errors = Unreadable(loaded);
  for (const Diagnostic& diagnostic : loaded.compiled.diagnostics) {
    const bool of_test = std::ranges::any_of(loaded.compiled.trials, [&](const TrialResult& trial) {
      return !trial.passed() && trial.file == diagnostic.file &&
             diagnostic.message.starts_with("test ");
    });
    if (!of_test && diagnostic.severity == Diagnostic::Severity::kError)
      errors.push_back(diagnostic);
  }
  return errors;
}

// --run and --now. Errors: kInvalid for a pattern or a time that does not parse.
Result<reconciler::TrialOptions> TestsAsked(const Invocation& call) {
  reconciler::TrialOptions options;
  if (call.Has("now")) {
    const auto now = ParseTime(call.Get("now"));
    if (!now.ok())
      return Error{
          ErrorCode::kInvalid,
          "--now takes a time such as 2026-07-20T10:00:00Z, found \"" + call.Get("now") + "\""};
    options.now = *now;
  }
  if (call.Has("run")) {
    auto pattern = reconciler::cel::Regex::Compile(call.Get("run"));
    if (!pattern.ok()) return Error{ErrorCode::kInvalid, "--run: " + pattern.error().message};
    const std::shared_ptr<const reconciler::cel::Regex> regex = std::move(pattern).value();
    options.selected = [regex](const std::string& name) { return regex->FoundIn(name); };
  }
  return options;
}

// What tests leave out of the rules, of the policies that were tested.
std::vector<reconciler::RuleGap> GapsAsked(const VerbSession& session, const LoadedPolicies& loaded,
                                           const reconciler::TrialOptions& tests) {
  if (!session.call().Has("coverage") || loaded.compiled.set == nullptr) return {};
  return reconciler::CoverageGaps(loaded.state.policies, loaded.compiled.set->policies, tests);
}

ExitCode RunTest(VerbSession& session) {
  const std::string output = session.call().Get("output", "text");
  static constexpr std::string_view kFormats[] = {"text", "wide", "json", "junit", "tap"};
  if (std::ranges::find(kFormats, output) == std::end(kFormats))
    return session.FailUsage("policy test -o takes text, wide, json, junit or tap, found \"" +
                             output + "\"");
  const auto asked = TestsAsked(session.call());
  if (!asked.ok()) return session.FailUsage(asked.error().message);
  const auto loaded = Load(session, 0, *asked);
  if (!loaded.ok()) return FailLocal(session, loaded.error());
  if (const auto errors = OtherErrors(*loaded); !errors.empty()) {
    *session.env().err << manifests::FormatDiagnostics(errors);
    return ExitCode::kInvalid;
  }
  const auto& trials = loaded->compiled.trials;
  const std::size_t left_out = reconciler::CountTests(loaded->state.policies) - trials.size();
  if (asked->selected && trials.empty())
    return session.FailAs(
        ExitCode::kInputOutput,
        {ErrorCode::kNotFound, "--run " + session.call().Get("run") + " matches none of " +
                                   std::to_string(left_out) + " tests"},
        "it is searched in names such as freeze-window/Monday");
  const auto failed =
      std::ranges::count_if(trials, [](const TrialResult& trial) { return !trial.passed(); });
  const std::vector<reconciler::RuleGap> gaps = GapsAsked(session, *loaded, *asked);
  if (output == "json") {
    Value value = TrialsToValue(trials);
    if (session.call().Has("coverage")) value.Set("gaps", GapsToValue(gaps));
    if (asked->selected) value.Set("leftOut", static_cast<std::int64_t>(left_out));
    session.PrintValue(value);
  } else if (output == "junit") {
    session.out() << TrialsToJunit(trials);
  } else if (output == "tap") {
    session.out() << TrialsToTap(trials);
  } else {
    session.out() << TrialsToText(trials, output == "wide") << GapsToText(gaps);
  }
  session.Progress(std::to_string(static_cast<std::int64_t>(trials.size()) - failed) + " passed, " +
                   std::to_string(failed) + " failed" +
                   (asked->selected ? ", " + std::to_string(left_out) + " left out" : ""));
  if (trials.empty()) session.Hint("no policy and no test was found");
  if (!gaps.empty()) session.Progress(std::to_string(gaps.size()) + " gaps in the coverage");
  return failed == 0 && gaps.empty() ? ExitCode::kOk : ExitCode::kDifference;
}

void Explain(std::ostream& out, const manifests::Policy& policy) {
  out << policy.name << ": scope "
      << manifests::kPolicyScopeNames[static_cast<std::size_t>(policy.scope)] << ", level "
      << manifests::kPolicyLevelNames[static_cast<std::size_t>(policy.level)]
      << (policy.waivable ? "" : ", no waivers") << '\n';
  if (!policy.file.empty())
    out << "declared " << policy.file << ':' << policy.position.line << '\n';
  if (!policy.params.as_object().empty())
    out << "params " << Printable(manifests::WriteJson(policy.params)) << '\n';
  for (const auto& [name, expression] : policy.variables)
    out << "variables." << name << " = " << Printable(expression.text) << '\n';
  if (policy.validator.empty())
    out << "rule " << Printable(policy.rule.text) << '\n';
  else
    out << "validator " << Printable(policy.validator) << '\n';
}

ExitCode RunExplain(VerbSession& session) {
  const std::string name = session.call().At(0);
  const auto loaded = Load(session, 1);
  if (!loaded.ok()) return FailLocal(session, loaded.error());
  const auto& declared = loaded->state.policies.policies;
  const auto found = declared.find(name);
  const auto floor = reconciler::FloorSet();
  const manifests::Policy* policy = found != declared.end() ? found->second.get() : nullptr;
  if (policy == nullptr && floor->Find(name) != nullptr) policy = floor->Find(name)->manifest.get();
  if (policy == nullptr) {
    std::vector<std::string_view> known;
    for (const auto& [other, item] : declared) known.push_back(other);
    return session.FailAs(ExitCode::kNotFound,
                          {ErrorCode::kNotFound, "no policy \"" + name + "\" here"},
                          DidYouMean(name, known));
  }
  Explain(session.out(), *policy);
  for (const TrialResult& trial : loaded->compiled.trials) {
    if (trial.policy != name) continue;
    session.out() << '\n'
                  << Printable(trial.test) << ": "
                  << manifests::kPolicyExpectNames[static_cast<std::size_t>(trial.found)]
                  << (trial.message.empty() ? "" : "  " + Printable(trial.message)) << '\n'
                  << trial.explanation;
  }
  return ExitCode::kOk;
}

struct Violation {
  std::string policy, map, level, outcome, message;
};

// As the daemon's audit found it.
Result<std::vector<Violation>> ViolationsServed(VerbSession& session) {
  PORTOLAN_TRY(const Value answer, session.Get("/v1/sources"));
  std::vector<Violation> violations;
  for (const Value& source : ItemsOf(answer, "sources"))
    for (const Value& item : ItemsOf(source, "violations"))
      violations.push_back(
          {std::string(item.StringOr("policy", "")), std::string(item.StringOr("map", "")),
           std::string(item.StringOr("level", "")), std::string(item.StringOr("outcome", "")),
           std::string(item.StringOr("message", ""))});
  return violations;
}

// Of the maps of a folder or revision, as if they were served.
std::vector<Violation> ViolationsIn(const LoadedPolicies& loaded, WallTime now) {
  std::vector<Violation> violations;
  for (const auto& [name, map] : loaded.state.maps) {
    reconciler::JudgeContext context;
    context.desired = &loaded.state;
    context.live = map->version.get();
    context.now = now;
    const auto report = reconciler::JudgeLive(*loaded.compiled.set, *map, context);
    for (const auto& verdict : report.verdicts) {
      if (verdict.outcome != reconciler::Outcome::kDeny &&
          verdict.outcome != reconciler::Outcome::kError)
        continue;
      violations.push_back(
          {verdict.policy, name,
           std::string(manifests::kPolicyLevelNames[static_cast<std::size_t>(verdict.level)]),
           std::string(reconciler::OutcomeName(verdict.outcome)), verdict.message});
    }
  }
  return violations;
}

void PrintViolations(VerbSession& session, const std::vector<Violation>& violations) {
  TextTable table({"POLICY", "MAP", "LEVEL", "OUTCOME", "MESSAGE"});
  Value::Array items;
  for (const Violation& one : violations) {
    table.Add({one.policy, one.map, one.level, one.outcome, Printable(one.message)});
    items.push_back(Value::Object{{"policy", one.policy},
                                  {"map", one.map},
                                  {"level", one.level},
                                  {"outcome", one.outcome},
                                  {"message", one.message}});
  }
  if (session.json())
    session.PrintValue(Value::Object{{"violations", std::move(items)}});
  else if (!violations.empty())
    session.Print(table);
}

ExitCode RunAudit(VerbSession& session) {
  const Invocation& call = session.call();
  std::vector<Violation> violations;
  if (call.At(0).empty() && !call.Has("repo") && !call.Has("head")) {
    auto served = ViolationsServed(session);
    if (!served.ok()) return session.Fail(served.error());
    violations = *std::move(served);
  } else {
    const auto loaded = Load(session, 0);
    if (!loaded.ok()) return FailLocal(session, loaded.error());
    if (loaded->compiled.set == nullptr) {
      *session.env().err << manifests::FormatDiagnostics(loaded->compiled.diagnostics);
      return ExitCode::kInvalid;
    }
    violations = ViolationsIn(*loaded, session.now().wall);
  }
  PrintViolations(session, violations);
  session.Progress(std::to_string(violations.size()) +
                   (violations.size() == 1 ? " violation" : " violations"));
  return violations.empty() ? ExitCode::kOk : ExitCode::kDifference;
}

ExitCode RunFunctions(VerbSession& session) {
  if (session.json()) {
    Value::Array items;
    for (const auto& function : reconciler::cel::FunctionDocs())
      items.push_back(Value::Object{{"group", function.group},
                                    {"name", function.name},
                                    {"signature", function.signature},
                                    {"text", function.text}});
    session.PrintValue(Value::Object{{"functions", std::move(items)}});
    return ExitCode::kOk;
  }
  TextTable table({"GROUP", "SIGNATURE", "WHAT IT DOES"});
  for (const auto& function : reconciler::cel::FunctionDocs())
    table.Add(
        {std::string(function.group), std::string(function.signature), std::string(function.text)});
  session.Print(table);
  return ExitCode::kOk;
}

ExitCode RunWaivers(VerbSession& session) {
  Duration soon = Duration::max();
  if (session.call().Has("expiring")) {
    const auto parsed = ParseDuration(session.call().Get("expiring"));
    if (!parsed.ok()) return session.FailUsage("--expiring: " + parsed.error().message);
    soon = *parsed;
  }
  const auto loaded = Load(session, 0);
  if (!loaded.ok()) return FailLocal(session, loaded.error());
  const WallTime now = session.now().wall;
  TextTable table({"NAME", "POLICY", "MAPS", "UNTIL", "STATE", "REASON"});
  Value::Array items;
  for (const auto& [name, waiver] : loaded->state.policies.waivers) {
    const Duration left = waiver->until - now;
    if (left >= soon) continue;
    const std::string state = left <= Duration(0) ? "ended" : "in force";
    std::string maps;
    for (const std::string& map : waiver->maps) maps += (maps.empty() ? "" : ",") + map;
    table.Add(
        {name, waiver->policy, maps, FormatTime(waiver->until), state, Printable(waiver->reason)});
    Value item = manifests::WaiverToValue(*waiver);
    item.Set("state", state);
    items.push_back(std::move(item));
  }
  if (session.json())
    session.PrintValue(Value::Object{{"waivers", std::move(items)}});
  else
    session.Print(table);
  if (loaded->compiled.set == nullptr) {
    *session.env().err << manifests::FormatDiagnostics(loaded->compiled.diagnostics);
    return ExitCode::kInvalid;
  }
  return ExitCode::kOk;
}

}  // namespace

std::vector<VerbSpec> PolicyVerbs() {
  constexpr FlagSpec kRepo{"repo", 0, "DIR", "the git repository (default: .)"};
  constexpr FlagSpec kHead{"head", 0, "REV", "the revision to look at (default: the working tree)"};
  constexpr FlagSpec kPath{"path", 0, "PATH", "of the manifests in the repository"};
  return {
      {"policy lint",
       "check policies, waivers and their tests, without a daemon",
       {"[PATH]"},
       {{"strict", 0, "", "warnings are errors"},
        {"output", 'o', "FORMAT", "text, json or junit"},
        kRepo,
        kHead,
        kPath},
       {"policy lint policies/", "policy lint --repo . --head HEAD --strict -o junit"},
       RunLint},
      {"policy test",
       "run the tests of policies, without a daemon",
       {"[PATH]"},
       {{"coverage", 0, "", "also say what of each rule no test exercises; a gap is a failure"},
        {"output", 'o', "FORMAT", "text, wide, json, junit or tap"},
        {"run", 0, "REGEX", "only the tests whose name policy/test it is found in"},
        {"now", 0, "TIME",
         "`now` of tests that set none (RFC 3339; default: 2026-07-20T10:00:00Z)"},
        kRepo,
        kHead,
        kPath},
       {"policy test policies/", "policy test policies/ -o junit",
        "policy test policies/ --coverage",
        "policy test policies/ --run '^freeze-window/' --now 2026-12-24T10:00:00Z"},
       RunTest},
      {"policy explain",
       "what a policy says, and the values it saw in each of its tests",
       {"POLICY", "[PATH]"},
       {kRepo, kHead, kPath},
       {"policy explain freeze-window policies/"},
       RunExplain},
      {"policy audit",
       "what policies of scope live say of what is served, or of the maps in PATH",
       {"[PATH]"},
       {kRepo, kHead, kPath},
       {"policy audit", "policy audit examples/"},
       RunAudit},
      {"policy functions",
       "the functions that expressions may call",
       {},
       {},
       {"policy functions", "policy functions -o json"},
       RunFunctions},
      {"policy waivers",
       "the waivers of a source, and when they end",
       {"[PATH]"},
       {{"expiring", 0, "DURATION", "only those that end within it"}, kRepo, kHead, kPath},
       {"policy waivers .", "policy waivers . --expiring 14d"},
       RunWaivers},
  };
}

}  // namespace portolan::controller
