#include <algorithm>
#include <ostream>

#include "controller/cli/plan_input.h"
#include "controller/cli/policy_input.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/config/validators_file.h"
#include "controller/validate/process_validators.h"
#include "controller/zones/zone_directory.h"
#include "reconciler/plan_json.h"
#include "reconciler/plan_markdown.h"
#include "reconciler/plan_text.h"
#include "reconciler/policy/report_json.h"
#include "reconciler/policy/report_markdown.h"
#include "reconciler/policy/report_text.h"
#include "reconciler/policy/secrets.h"

namespace portolan::controller {
namespace {

using manifests::DesiredState;
using manifests::Diagnostic;
using manifests::Value;

constexpr int kTerminalWidth = 100;
constexpr std::string_view kDefaultEnvironment = "default";  // as portolan.yaml without a name

std::int64_t CountErrors(const DesiredState& state) {
  return std::ranges::count(state.diagnostics, Diagnostic::Severity::kError, &Diagnostic::severity);
}

Value DiagnosticToValue(const Diagnostic& diagnostic) {
  const bool error = diagnostic.severity == Diagnostic::Severity::kError;
  return Value::Object{{"severity", error ? "error" : "warning"},
                       {"file", diagnostic.file},
                       {"line", diagnostic.position.line},
                       {"column", diagnostic.position.column},
                       {"field", diagnostic.field},
                       {"message", diagnostic.message},
                       {"hint", diagnostic.hint}};
}

Value ValidationToValue(const DesiredState& state, bool valid) {
  Value::Array maps, rejected, diagnostics;
  for (const auto& [name, map] : state.maps)
    maps.push_back(Value::Object{{"map", name},
                                 {"digest", map->version->digest().ToString()},
                                 {"size", map->version->size()}});
  for (const auto& [name, why] : state.rejected) rejected.emplace_back(name);
  for (const Diagnostic& diagnostic : state.diagnostics)
    diagnostics.push_back(DiagnosticToValue(diagnostic));
  return Value::Object{{"apiVersion", reconciler::kCliApiVersion},
                       {"kind", "Validation"},
                       {"valid", valid},
                       {"maps", std::move(maps)},
                       {"rejected", std::move(rejected)},
                       {"diagnostics", std::move(diagnostics)}};
}

// A failure to read files here is none of the daemon's: exit code 2, but for what the content says.
ExitCode FailLocal(const VerbSession& session, const Error& error) {
  const bool of_daemon =
      error.code == ErrorCode::kUnauthenticated || error.code == ErrorCode::kTimeout;
  if (of_daemon) return session.Fail(error);
  return session.FailAs(ExitCode::kInputOutput, error,
                        "PATH is a directory of manifests; --repo DIR names a git repository");
}

ExitCode RunValidate(VerbSession& session) {
  const std::string output = session.call().Get("output", "text");
  if (output != "text" && output != "json")
    return session.FailUsage("validate -o takes text or json, found \"" + output + "\"");
  TreeLocation location{session.call().Get("repo", session.call().At(0, ".")),
                        session.call().Get("head"), session.call().Get("path")};
  const auto state = LoadTree(location);
  if (!state.ok()) return FailLocal(session, state.error());
  const bool strict = session.call().Has("strict");
  const bool valid = CountErrors(*state) == 0 && (!strict || state->diagnostics.empty());
  if (session.json())
    session.PrintValue(ValidationToValue(*state, valid));
  else
    session.out() << manifests::FormatDiagnostics(state->diagnostics);
  const std::int64_t errors = CountErrors(*state);
  session.Progress(std::to_string(state->maps.size()) + " maps valid, " +
                   std::to_string(state->rejected.size()) + " rejected, " + std::to_string(errors) +
                   " errors, " +
                   std::to_string(static_cast<std::int64_t>(state->diagnostics.size()) - errors) +
                   " warnings");
  if (state->maps.empty() && state->diagnostics.empty())
    session.Hint("no manifest was found; a manifest says apiVersion: portolan/v1 and kind: Map");
  return valid ? ExitCode::kOk : ExitCode::kInvalid;
}

// A plan and what stands in its way.
struct Planned {
  reconciler::Plan plan;
  DesiredState desired;
  std::vector<reconciler::PolicyReport> reports;  // with --explain or --enforce
};

// Either against a revision (--base) or against the daemon.
struct PlanFailure {
  Error error;
  bool of_daemon = false;
};
using PlanResult = std::variant<Planned, PlanFailure>;

bool Judges(const Invocation& call) {
  return call.Has("explain") || call.Has("enforce");
}

// Judges by the policies of the base, as a daemon that accepted it would; by those of the head with
// --policies head.
Result<std::vector<reconciler::PolicyReport>> JudgeOffline(const VerbSession& session,
                                                           const DesiredState& base,
                                                           Planned& planned) {
  const Invocation& call = session.call();
  const bool by_head = call.Get("policies", "base") == "head";
  DesiredState elsewhere;
  if (call.Has("policy-repo")) {
    PORTOLAN_TRY(elsewhere, LoadTree({call.Get("policy-repo"), call.Get("policy-head", "HEAD"),
                                      call.Get("policy-path")}));
  }
  const manifests::PolicySet& manifests = call.Has("policy-repo") ? elsewhere.policies
                                          : by_head               ? planned.desired.policies
                                                                  : base.policies;
  const reconciler::CompiledSetResult compiled = reconciler::CompileSet(manifests, SystemZones());
  if (compiled.set == nullptr)
    return Error{ErrorCode::kInvalid, "the policies cannot judge:\n" +
                                          manifests::FormatDiagnostics(compiled.diagnostics)};
  for (reconciler::MapPlan& map : planned.plan.maps)
    reconciler::MarkSecrets(compiled.set.get(), map);
  reconciler::JudgeContext context;
  context.desired = &planned.desired;
  context.masked = reconciler::MarksBeyond(MarksOf(base), planned.desired);
  context.target = {call.Get("environment", kDefaultEnvironment), call.Get("tier"),
                    SplitList(call.Get("regions"))};
  context.actor.name = planned.plan.revision.author;
  context.now = session.now().wall;
  if (call.Has("signers")) {
    PORTOLAN_TRY(LocalSigners signers,
                 ReadLocalSigners({call.Get("repo", call.At(0, ".")), call.Get("head"), ""},
                                  call.Get("signers")));
    if (!signers.complaint.empty()) session.Hint(signers.complaint);
    context.commit.signers = std::move(signers.identities);
  }
  ProcessValidators validators({});
  reconciler::JudgeOptions options;
  if (call.Has("validators")) {
    PORTOLAN_TRY(auto configured, LoadValidators(call.Get("validators")));
    validators = ProcessValidators(std::move(configured));
    options.validators = &validators;
  }
  return JudgePlan(*compiled.set, planned.plan, VersionsOf(base), context, options);
}

PlanResult PlanOffline(VerbSession& session) {
  const Invocation& call = session.call();
  const std::string repository = call.Get("repo", call.At(0, "."));
  const auto base = LoadTree({repository, call.Get("base"), call.Get("path")});
  if (!base.ok()) return PlanFailure{base.error(), false};
  auto head = LoadTree({repository, call.Get("head"), call.Get("path")});
  if (!head.ok()) return PlanFailure{head.error(), false};
  if (!base->rejected.empty())
    session.Hint(
        "the base has invalid maps; they are planned as if nothing had been served: portolan "
        "validate --repo " +
        repository + " --head " + call.Get("base"));
  auto plan = reconciler::MakePlan(VersionsOf(*base), *head,
                                   call.Get("environment", kDefaultEnvironment), MarksOf(*base));
  for (reconciler::MapPlan& map : plan.maps) reconciler::MarkSecrets(nullptr, map);
  Planned planned{std::move(plan), *std::move(head), {}};
  if (Judges(call)) {
    auto reports = JudgeOffline(session, *base, planned);
    if (!reports.ok()) return PlanFailure{reports.error(), true};
    planned.reports = *std::move(reports);
  }
  return planned;
}

PlanResult PlanAgainstDaemon(VerbSession& session, const std::string& directory) {
  const Invocation& call = session.call();
  auto base = FetchDaemonBase(session, call.Get("source"));
  if (!base.ok()) return PlanFailure{base.error(), true};
  TreeLocation location{directory, "", call.Get("path")};
  if (directory.empty() || call.Has("head"))
    location = {call.Get("repo", directory.empty() ? "." : directory), call.Get("head"),
                call.Get("path", base->path)};
  auto desired = LoadTree(location);
  if (!desired.ok()) return PlanFailure{desired.error(), false};
  const std::string environment = call.Get("environment", base->environment);
  auto plan = reconciler::MakePlan(base->stable, *desired, environment);
  for (reconciler::MapPlan& map : plan.maps) reconciler::MarkSecrets(nullptr, map);
  return Planned{std::move(plan), *std::move(desired), {}};
}

void PrintPlan(VerbSession& session, const Planned& planned) {
  const std::string output = session.call().Get("output");
  if (session.json()) {
    Value value = reconciler::PlanToValue(planned.plan);
    Value::Array reports;
    for (const auto& report : planned.reports) reports.push_back(reconciler::ReportToValue(report));
    if (Judges(session.call())) value.Set("policies", std::move(reports));
    session.PrintValue(value);
  } else if (output == "markdown") {
    session.out() << reconciler::PlanMarkdown(planned.plan);
    for (const auto& report : planned.reports)
      session.out() << '\n' << reconciler::ReportMarkdown(report);
  } else {
    session.out() << reconciler::PlanText(
        planned.plan,
        {.width = session.env().out_is_tty ? kTerminalWidth : 0, .color = session.colour()});
    for (const auto& report : planned.reports)
      session.out() << '\n' << reconciler::ReportText(report);
  }
}

ExitCode FailPlan(const VerbSession& session, const PlanFailure& failure) {
  return failure.of_daemon ? session.Fail(failure.error) : FailLocal(session, failure.error);
}

bool Changes(const reconciler::Plan& plan) {
  return !plan.maps.empty() || !plan.removed.empty();
}

Status CheckPlanCall(const Invocation& call) {
  const std::string output = call.Get("output", "text");
  if (output != "text" && output != "json" && output != "markdown")
    return Error{ErrorCode::kInvalid, "-o takes text, json or markdown, found \"" + output + "\""};
  if (call.Has("repo") && call.verb->name == "plan" && !call.At(0).empty())
    return Error{ErrorCode::kInvalid, "give either PATH or --repo DIR"};
  if (call.Has("base") && call.Has("source"))
    return Error{ErrorCode::kInvalid, "--base plans without a daemon; it takes no --source"};
  if (Judges(call) && !call.Has("base"))
    return Error{ErrorCode::kInvalid, "--explain and --enforce judge offline; give --base REV"};
  if (call.Has("signers") && (!Judges(call) || !call.Has("head")))
    return Error{ErrorCode::kInvalid,
                 "--signers says who signed a commit, for policies; give --head REV and --explain"};
  const std::string policies = call.Get("policies", "base");
  if (policies != "base" && policies != "head")
    return Error{ErrorCode::kInvalid, "--policies takes base or head, found \"" + policies + "\""};
  if (call.Has("policy-repo") && (!Judges(call) || call.Has("policies")))
    return Error{ErrorCode::kInvalid,
                 "--policy-repo says whose policies judge; give --explain or --enforce, and no "
                 "--policies"};
  return {};
}

ExitCode RunPlan(VerbSession& session) {
  const Invocation& call = session.call();
  if (const Status checked = CheckPlanCall(call); !checked.ok())
    return session.FailUsage(checked.error().message);
  const PlanResult result =
      call.Has("base") ? PlanOffline(session) : PlanAgainstDaemon(session, call.At(0));
  const bool detailed = call.Has("detailed-exitcode");
  if (const auto* failure = std::get_if<PlanFailure>(&result)) {
    const ExitCode exit = FailPlan(session, *failure);
    return detailed ? ExitCode::kDifference : exit;
  }
  const Planned& planned = std::get<Planned>(result);
  PrintPlan(session, planned);
  if (CountErrors(planned.desired) > 0) {
    *session.env().err << manifests::FormatDiagnostics(planned.desired.diagnostics);
    return detailed ? ExitCode::kDifference : ExitCode::kInvalid;
  }
  if (call.Has("enforce") &&
      std::ranges::any_of(planned.reports, &reconciler::PolicyReport::blocked))
    return detailed ? ExitCode::kDifference : ExitCode::kDenied;
  return detailed && Changes(planned.plan) ? ExitCode::kInputOutput : ExitCode::kOk;
}

// Leaves one map in the plan.
void KeepOnly(reconciler::Plan& plan, const std::string& map) {
  std::erase_if(plan.maps, [&](const reconciler::MapPlan& item) { return item.map != map; });
  std::erase_if(plan.removed, [&](const std::string& name) { return name != map; });
  std::erase_if(plan.rejected, [&](const auto& item) { return item.first != map; });
}

// Follows diff(1): 0 no difference, 1 a difference, 2 trouble.
ExitCode RunDiff(VerbSession& session) {
  const std::string map = session.call().At(0);
  if (const Status checked = CheckPlanCall(session.call()); !checked.ok())
    return session.FailUsage(checked.error().message);
  PlanResult result = PlanAgainstDaemon(session, "");
  if (const auto* failure = std::get_if<PlanFailure>(&result)) {
    FailPlan(session, *failure);
    return ExitCode::kInputOutput;
  }
  Planned& planned = std::get<Planned>(result);
  KeepOnly(planned.plan, map);
  if (planned.plan.rejected.contains(map))
    return session.FailAs(
        ExitCode::kInputOutput,
        {ErrorCode::kInvalid, "the manifest of \"" + map + "\" is invalid: " +
                                  manifests::FormatDiagnostics(planned.plan.rejected.at(map))});
  if (!Changes(planned.plan) && !planned.desired.maps.contains(map))
    return session.FailAs(
        ExitCode::kInputOutput,
        {ErrorCode::kNotFound, "no map \"" + map + "\" here or in the daemon's source"});
  if (!Changes(planned.plan)) return ExitCode::kOk;
  PrintPlan(session, planned);
  return ExitCode::kDifference;
}

}  // namespace

std::vector<VerbSpec> ManifestVerbs() {
  constexpr FlagSpec kRepo{"repo", 0, "DIR", "the git repository (default: .)"};
  constexpr FlagSpec kHead{"head", 0, "REV", "the revision to look at (default: the working tree)"};
  constexpr FlagSpec kPath{"path", 0, "PATH", "of the manifests in the repository"};
  constexpr FlagSpec kSource{"source", 0, "NAME", "of the daemon (default: its only one)"};
  constexpr FlagSpec kEnvironment{"environment", 0, "NAME",
                                  "part of a plan's identity (default: the daemon's)"};
  return {
      {"validate",
       "check manifests, without a daemon",
       {"[PATH]"},
       {{"strict", 0, "", "warnings are errors"}, kRepo, kHead, kPath},
       {"validate maps/", "validate --repo . --head HEAD --path maps -o json",
        "validate maps/ --strict"},
       RunValidate},
      {"plan",
       "what a revision would change: against the daemon, or against --base",
       {"[PATH]"},
       {kRepo,
        {"base", 0, "REV", "plan without a daemon, from this revision"},
        kHead,
        kPath,
        kSource,
        kEnvironment,
        {"output", 'o', "FORMAT", "text, json or markdown"},
        {"explain", 0, "", "judge by the policies and show what decided"},
        {"enforce", 0, "", "exit 4 when a policy denies the plan"},
        {"policies", 0, "REV", "of base or head: whose policies judge (default: base)"},
        {"policy-repo", 0, "DIR", "a repository of its own whose policies judge (policySource)"},
        {"policy-head", 0, "REV", "of --policy-repo (default: HEAD)"},
        {"policy-path", 0, "PATH", "of the policies in --policy-repo"},
        {"signers", 0, "FILE", "who may sign commits; policies see who signed the head"},
        {"validators", 0, "FILE", "programs that judge for policies that name a validator"},
        {"tier", 0, "TIER", "of the target, as policies see it"},
        {"regions", 0, "REGIONS", "of the target, separated by commas"},
        {"detailed-exitcode", 0, "", "exit 0 nothing, 1 error, 2 changes"}},
       {"plan maps/", "plan --base origin/main --head HEAD --path maps -o markdown",
        "plan --base main --head HEAD --explain --enforce --tier prod",
        "plan --repo . --head HEAD --detailed-exitcode"},
       RunPlan},
      {"diff",
       "how one map differs from what is served; exit codes of diff(1)",
       {"MAP"},
       {kRepo, kHead, kPath, kSource, kEnvironment},
       {"diff rate-limits", "diff rate-limits --repo . --head main"},
       RunDiff},
  };
}

}  // namespace portolan::controller
