#include <algorithm>
#include <iterator>
#include <ostream>

#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wait.h"
#include "controller/http/target.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

ExitCode RunSourceList(VerbSession& session) {
  const auto answer = session.Get("/v1/sources");
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json()) {
    session.PrintValue(*answer);
    return ExitCode::kOk;
  }
  std::vector<std::string> header{"SOURCE", "REVISION", "OBSERVED", "PENDING", "MAPS", "FETCHED"};
  if (session.wide()) header.insert(header.end(), {"URL", "BRANCH", "PATH"});
  header.emplace_back("ERROR");
  TextTable table(header);
  for (const Value& source : ItemsOf(*answer, "sources")) {
    if (session.format() == OutputFormat::kName) {
      session.out() << source.StringOr("name", "") << '\n';
      continue;
    }
    std::vector<std::string> row{OrDash(source.StringOr("name", "")),
                                 ShortCommit(TextAt(source, {"revision"})),
                                 ShortCommit(TextAt(source, {"observed"})),
                                 ShortCommit(TextAt(source, {"pending"})),
                                 std::to_string(ItemsOf(source, "maps").size()),
                                 FormatAge(TextAt(source, {"lastFetchAt"}), session.now().wall)};
    if (session.wide())
      row.insert(row.end(), {OrDash(TextAt(source, {"url"})), OrDash(TextAt(source, {"branch"})),
                             OrDash(TextAt(source, {"path"}))});
    row.push_back(OrDash(TextAt(source, {"lastError"})));
    table.Add(std::move(row));
    for (const Value& line : ItemsOf(source, "rejected"))
      if (line.is_string()) session.Hint("rejected: " + line.as_string());
  }
  if (!table.empty()) session.Print(table);
  return ExitCode::kOk;
}

void PrintPolicies(const VerbSession& session, const Value& source) {
  std::ostream& out = session.out();
  const auto text = [&](std::initializer_list<std::string_view> path) {
    return TextAt(source, path);
  };
  const std::string commit = text({"policies", "commit"});
  const std::string from = text({"policies", "source"});
  const std::string read = text({"policies", "readAt"});
  out << source.StringOr("name", "") << ": ";
  if (!commit.empty())
    out << "judged by " << ShortCommit(commit) << (from.empty() ? "" : " of " + from);
  else
    out << (from.empty() ? "the built-in policies judge"
                         : "no policies of " + from + " were accepted yet, everything is denied");
  if (!read.empty()) out << ", read " << FormatAge(read, session.now().wall) << " ago";
  out << '\n';
  const Value* policies = source.Find("policies");
  if (policies != nullptr && policies->BoolOr("rolledBack", false))
    out << "  rolled back; what git holds judges when a commit changes it\n";
  const Value* pending = policies == nullptr ? nullptr : policies->Find("pending");
  if (pending == nullptr || !pending->is_object()) return;
  const std::string approved = text({"policies", "pending", "approvedBy"});
  const std::string asked = text({"policies", "pending", "rollback", "by"});
  out << "  pending  " << ShortCommit(text({"policies", "pending", "commit"})) << ", "
      << (pending->BoolOr("loosens", true) ? "loosens" : "tightens")
      << (asked.empty()
              ? ""
              : ", a rollback asked for by " + reconciler::Printable(asked) + ": " +
                    reconciler::Printable(text({"policies", "pending", "rollback", "reason"})))
      << '\n';
  for (const Value& change : ItemsOf(*pending, "changes"))
    out << "  - " << reconciler::Printable(change.is_string() ? change.as_string() : "") << '\n';
  if (!approved.empty()) {
    out << "  approved by " << reconciler::Printable(approved) << ", judges from "
        << text({"policies", "pending", "effectiveAt"}) << '\n';
    return;
  }
  std::string owners;
  for (const Value& owner : ItemsOf(*pending, "owners"))
    if (owner.is_string()) owners += (owners.empty() ? "" : ", ") + owner.as_string();
  out << "  waits for an owner (" << reconciler::Printable(owners.empty() ? "any" : owners)
      << "): portolan approve " << text({"policies", "pending", "plan"}) << '\n';
}

ExitCode RunPolicyStatus(VerbSession& session) {
  const auto answer = session.Get("/v1/sources");
  if (!answer.ok()) return session.Fail(answer.error());
  Value::Array shown;
  for (const Value& source : ItemsOf(*answer, "sources")) {
    const Value* policies = source.Find("policies");
    shown.push_back(Value::Object{{"source", source.StringOr("name", "")},
                                  {"policies", policies == nullptr ? Value() : *policies}});
    if (!session.json()) PrintPolicies(session, source);
  }
  if (session.json()) session.PrintValue(Value::Object{{"sources", std::move(shown)}});
  return ExitCode::kOk;
}

ExitCode RunSourceAccept(VerbSession& session) {
  const std::string name = session.call().At(0);
  const std::string revision = session.call().At(1);
  const auto yes = session.Confirm("Follow \"" + name + "\" to " + revision +
                                   ", although its branch was rewritten?");
  if (!yes.ok()) return session.FailUsage(yes.error().message);
  if (!*yes)
    return session.FailAs(ExitCode::kInterrupted, {ErrorCode::kCancelled, "nothing was done"});
  Value body(Value::Object{{"revision", revision}, {"requestId", session.RequestId()}});
  if (session.call().Has("reason")) body.Set("reason", session.call().Get("reason"));
  const auto answer = session.Post("/v1/sources/" + PercentEncode(name) + "/accept", body);
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json())
    session.PrintValue(*answer);
  else
    session.out() << name << ": follows " << ShortCommit(revision) << '\n';
  return ExitCode::kOk;
}

// Waits for every map of the source in turn; the first that fails is the exit code.
ExitCode WaitForMaps(VerbSession& session, const Value& answer) {
  ExitCode first = ExitCode::kOk;
  for (const Value& map : ItemsOf(answer, "maps")) {
    Value status;
    const ExitCode exit = WaitForMap(session, std::string(map.StringOr("map", "")),
                                     WaitForPhase({"Healthy"}, {"RolledBack", "Locked"}), status);
    if (first == ExitCode::kOk) first = exit;
    if (exit == ExitCode::kInterrupted) break;
  }
  return first;
}

// The condition Ready when it is false, else null.
const Value* NotReady(const Value& source) {
  for (const Value& condition : ItemsOf(source, "conditions"))
    if (condition.StringOr("type", "") == "Ready" && !condition.BoolOr("status", true))
      return &condition;
  return nullptr;
}

// A commit that is not signed well (docs/operations.md); null: signatures are not the trouble.
const Value* Unverified(const Value& source) {
  for (const Value& condition : ItemsOf(source, "conditions"))
    if (condition.StringOr("type", "") == "SourceVerified" && !condition.BoolOr("status", true) &&
        condition.StringOr("reason", "") != "Unverified")
      return &condition;
  return nullptr;
}

// What keeps a source from following its remote, already reported; kOk for nothing.
ExitCode ReportTroubles(const VerbSession& session, const Value& source) {
  const std::string name(source.StringOr("name", ""));
  const std::string pending = TextAt(source, {"pending"});
  if (const Value* refused = Unverified(source); refused != nullptr)
    return session.FailAs(
        ExitCode::kSignature,
        {ErrorCode::kDenied, name + ": " + std::string(refused->StringOr("message", ""))},
        pending.empty()
            ? "sign the commit with a key of the source's signers"
            : "to take it all the same: portolan source accept " + name + " " + pending);
  if (!pending.empty())
    return session.FailAs(ExitCode::kConflict,
                          {ErrorCode::kConflict, name + ": the branch was rewritten to " + pending +
                                                     "; nothing was changed"},
                          "look at it, then: portolan source accept " + name + " " + pending);
  const Value* condition = NotReady(source);
  if (condition == nullptr) return ExitCode::kOk;
  std::string message = name + ": " + std::string(condition->StringOr("message", "is not ready"));
  const std::string_view reason = condition->StringOr("reason", "");
  constexpr std::string_view kOfTheCommit[] = {"InvalidManifests",  "EmptySource",
                                               "PolicyRejected",    "MixedCommit",
                                               "PoliciesElsewhere", "MapsInPolicySource"};
  if (std::ranges::find(kOfTheCommit, reason) == std::end(kOfTheCommit))
    return session.FailAs(ExitCode::kFailed, {ErrorCode::kUnavailable, message});
  for (const Value& line : ItemsOf(source, "rejected"))
    if (line.is_string()) message += "\n" + line.as_string();
  return session.FailAs(ExitCode::kInvalid, {ErrorCode::kInvalid, message});
}

ExitCode RunSync(VerbSession& session) {
  const std::string name = session.call().At(0);
  session.Progress(name + ": looking at the remote");
  const auto answer = session.Post("/v1/sources/" + PercentEncode(name) + "/sync",
                                   Value::Object{{"requestId", session.RequestId()}});
  if (!answer.ok()) return session.Fail(answer.error());
  const Value* source = answer->Find("status");
  if (source != nullptr) {
    const ExitCode troubles = ReportTroubles(session, *source);
    if (troubles != ExitCode::kOk) return troubles;
  }
  if (session.call().Has("wait")) {
    const ExitCode exit = WaitForMaps(session, *answer);
    if (exit != ExitCode::kOk) return exit;
  }
  if (session.json()) {
    session.PrintValue(*answer);
    return ExitCode::kOk;
  }
  session.Progress(name + ": at " + OrDash(answer->StringOr("revision", "")));
  if (session.format() != OutputFormat::kName) {
    TextTable table({"MAP", "PHASE"});
    for (const Value& map : ItemsOf(*answer, "maps"))
      table.Add({OrDash(map.StringOr("map", "")), OrDash(map.StringOr("phase", ""))});
    session.Print(table);
    return ExitCode::kOk;
  }
  for (const Value& map : ItemsOf(*answer, "maps"))
    session.out() << map.StringOr("map", "") << '\n';
  return ExitCode::kOk;
}

}  // namespace

std::vector<VerbSpec> SourceVerbs() {
  constexpr FlagSpec kWait{"wait", 'w', "",
                           "until its maps are Healthy; exit 7 when one rolled back"};
  constexpr FlagSpec kReason{"reason", 'r', "TEXT", "why, for the events"};
  return {
      {"sync",
       "look at a source's remote now",
       {"SOURCE"},
       {kWait},
       {"sync edge", "sync edge --wait --timeout 30m"},
       RunSync},
      {"source list",
       "the repositories that the daemon watches",
       {},
       {},
       {"source list", "source list -o wide", "source list -o name"},
       RunSourceList},
      {"policy status",
       "which policies judge each source, and which wait for approval or their time",
       {},
       {},
       {"policy status", "policy status -o json"},
       RunPolicyStatus},
      {"source accept",
       "follow a rewritten or unrelated branch to a commit",
       {"NAME", "REV"},
       {kReason},
       {"source accept edge 8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809 --yes"},
       RunSourceAccept},
  };
}

}  // namespace portolan::controller
