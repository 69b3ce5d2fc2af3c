#include <ostream>

#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wait.h"
#include "controller/config/yaml_file.h"
#include "controller/http/target.h"
#include "mapcore/base/digest.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::size_t kAnswerFileBytesMax = 64 << 10;

constexpr FlagSpec kReason{"reason", 'r', "TEXT", "why, for the history and the events"};
constexpr FlagSpec kWait{"wait", 'w', "", "wait for the end; exit 7 when it ends rolled back"};

// What --wait waits for after a verb that answered with this status. A verb that brings everyone
// back to stable is done when that is reached; every other one has failed then.
WaitJudge JudgeOf(std::string_view verb, const Value& status) {
  const std::string_view phase = status.StringOr("phase", "");
  const bool backs_out = phase == "RollingBack" || phase == "RolledBack" || verb == "abort";
  if (verb == "lock") return WaitForPhase({"Locked"}, {});
  if (verb == "pause") return WaitForPhase({"Paused", "Held"}, {"RolledBack", "Healthy"});
  if (backs_out && (verb == "abort" || verb == "rollback"))
    return WaitForPhase({"RolledBack", "Healthy"}, {});
  return WaitForPhase({"Healthy"}, {"RolledBack", "Locked"});
}

Value StatusIn(const Value& answer) {
  const Value* status = answer.Find("status");
  return status != nullptr && status->is_object() ? *status : Value();
}

// Prints a verb's answer, after the wait when one was asked for.
ExitCode Finish(VerbSession& session, const std::string& map, Value answer) {
  Value status = StatusIn(answer);
  ExitCode exit = ExitCode::kOk;
  if (session.call().Has("wait")) {
    session.Progress(answer.StringOr("message", ""));
    exit = WaitForMap(session, map, JudgeOf(session.call().verb->name, status), status);
    answer.Set("status", status);
  }
  if (exit != ExitCode::kOk) return exit;
  if (session.json())
    session.PrintValue(answer);
  else if (session.format() == OutputFormat::kName)
    session.out() << map << '\n';
  else if (session.call().Has("wait"))
    session.out() << reconciler::Printable(StatusLine(status)) << '\n';
  else
    session.out() << map << ": " << reconciler::Printable(answer.StringOr("message", "done"))
                  << '\n';
  return exit;
}

Value BodyOf(VerbSession& session) {
  Value body(Value::Object{{"requestId", session.RequestId()}});
  for (const std::string_view flag : {"reason", "to"})
    if (session.call().Has(flag)) body.Set(flag, session.call().Get(flag));
  if (session.call().Has("full")) body.Set("full", true);
  return body;
}

std::string VerbTarget(const std::string& map, std::string_view verb) {
  return "/v1/maps/" + PercentEncode(map) + "/" + std::string(verb);
}

ExitCode RunVerb(VerbSession& session) {
  const std::string map = session.call().At(0);
  auto answer = session.Post(VerbTarget(map, session.call().verb->name), BodyOf(session));
  if (!answer.ok()) return session.Fail(answer.error());
  return Finish(session, map, *std::move(answer));
}

// Asks first; an answer of no ends the verb without an error of the daemon.
ExitCode Ask(VerbSession& session, const std::string& question) {
  const auto yes = session.Confirm(question);
  if (!yes.ok()) return session.FailUsage(yes.error().message);
  if (*yes) return ExitCode::kOk;
  return session.FailAs(ExitCode::kInterrupted, {ErrorCode::kCancelled, "nothing was done"});
}

ExitCode RunPrune(VerbSession& session) {
  const std::string map = session.call().At(0);
  const ExitCode asked =
      Ask(session, "Stop serving \"" + map + "\", which is no longer in git, and forget it?");
  return asked == ExitCode::kOk ? RunVerb(session) : asked;
}

// The maps whose running or target version came with a commit that begins so.
std::vector<std::string> MapsOfRevision(const Value& answer, std::string_view revision) {
  std::vector<std::string> names;
  const std::size_t at = revision.find("sha1:");
  if (at != std::string_view::npos) revision.remove_prefix(at + 5);
  for (const Value& map : ItemsOf(answer, "maps"))
    if (TextAt(map, {"target", "commit"}).starts_with(revision) ||
        TextAt(map, {"stable", "commit"}).starts_with(revision))
      names.emplace_back(map.StringOr("map", ""));
  return names;
}

// Every map of the revision is rolled back, also when one of them refuses; the first refusal is the
// exit code.
ExitCode RollBackAll(VerbSession& session) {
  const std::string revision = session.call().Get("all");
  if (revision.size() < 7)
    return session.FailUsage("--all takes a commit of at least 7 digits, found \"" + revision +
                             "\"");
  const auto maps = session.Get("/v1/maps");
  if (!maps.ok()) return session.Fail(maps.error());
  const std::vector<std::string> names = MapsOfRevision(*maps, revision);
  if (names.empty())
    return session.Fail({ErrorCode::kNotFound, "no map serves or rolls out revision " + revision +
                                                   "; portolan status -o wide shows revisions"});
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  ExitCode first = Ask(session, "Roll back " + list + "?");
  if (first != ExitCode::kOk) return first;
  const std::string id = session.RequestId();
  for (const std::string& name : names) {
    Value body = BodyOf(session);
    body.Set("requestId", id + "." + name);
    auto answer = session.Post(VerbTarget(name, "rollback"), body);
    const ExitCode exit =
        answer.ok() ? Finish(session, name, *std::move(answer)) : session.Fail(answer.error());
    if (first == ExitCode::kOk) first = exit;
  }
  return first;
}

// Only asks: an owner approves, as any change of policies.
ExitCode RollBackPolicies(VerbSession& session) {
  const Invocation& call = session.call();
  const bool previous = call.Has("to-previous");
  if (previous == call.Has("to") || !call.At(0).empty() || call.Has("all") || call.Has("wait"))
    return session.FailUsage(
        "rollback --policies SOURCE takes either --to COMMIT or --to-previous, and no map");
  if (call.Get("reason").empty())
    return session.FailUsage("rollback --policies SOURCE takes --reason TEXT");
  const std::string source = call.Get("policies");
  const auto answer = session.Post("/v1/sources/" + PercentEncode(source) + "/policies/rollback",
                                   Value::Object{{"to", previous ? "previous" : call.Get("to")},
                                                 {"reason", call.Get("reason")},
                                                 {"requestId", session.RequestId()}});
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json())
    session.PrintValue(*answer);
  else if (session.format() == OutputFormat::kName)
    session.out() << answer->StringOr("plan", "") << '\n';
  else
    session.out() << source << ": " << reconciler::Printable(answer->StringOr("message", ""))
                  << '\n';
  return ExitCode::kOk;
}

ExitCode RunRollback(VerbSession& session) {
  if (session.call().Has("policies")) return RollBackPolicies(session);
  if (session.call().Has("to-previous"))
    return session.FailUsage("--to-previous is for --policies SOURCE; a map goes back by itself");
  const bool all = session.call().Has("all");
  if (all == !session.call().At(0).empty())
    return session.FailUsage("rollback takes either MAP or --all REVISION");
  if (all && session.call().Has("to"))
    return session.FailUsage("--all goes back to each map's version before; it takes no --to");
  return all ? RollBackAll(session) : RunVerb(session);
}

// An answer that somebody outside signed; ssh-keygen writes the signature beside the file.
ExitCode SendAnswer(VerbSession& session, const std::string& plan) {
  const std::string file(session.call().Get("signed"));
  const auto answer = ReadFile(file, kAnswerFileBytesMax);
  if (!answer.ok()) return session.Fail(answer.error());
  const auto signature = ReadFile(file + ".sig", kAnswerFileBytesMax);
  if (!signature.ok()) return session.Fail(signature.error());
  auto taken = session.Post("/v1/plans/" + PercentEncode(plan) + "/answer",
                            Value::Object{{"answer", *answer}, {"signature", *signature}});
  if (!taken.ok()) return session.Fail(taken.error());
  const std::string map(taken->StringOr("map", ""));
  return Finish(session, map, *std::move(taken));
}

ExitCode RunApprove(VerbSession& session) {
  const auto plan = FindPlan(session, session.call().At(0));
  if (!plan.ok()) return session.Fail(plan.error());
  if (session.call().Has("signed")) {
    if (session.call().Has("despite") || session.call().Has("reason"))
      return session.FailUsage(
          "--signed stands alone: what it says is in the file that was signed");
    return SendAnswer(session, *plan);
  }
  if (session.call().Has("despite") && !session.call().Has("reason"))
    return session.FailUsage("--despite needs --reason: it stays in the audit log");
  Value body(Value::Object{});
  for (const std::string_view flag : {"reason", "despite"})
    if (session.call().Has(flag)) body.Set(flag, session.call().Get(flag));
  auto answer = session.Post("/v1/plans/" + PercentEncode(*plan) + "/approve", body);
  if (!answer.ok()) return session.Fail(answer.error());
  const std::string map(answer->StringOr("map", answer->StringOr("source", "")));
  return Finish(session, map, *std::move(answer));
}

ExitCode RunWait(VerbSession& session) {
  if (!session.call().Has("for"))
    return session.FailUsage("wait needs --for, for example --for=Healthy");
  const auto judge = ParseWaitCondition(session.call().Get("for"));
  if (!judge.ok()) return session.FailUsage(judge.error().message);
  Value status;
  const ExitCode exit = WaitForMap(session, session.call().At(0), *judge, status);
  if (exit != ExitCode::kOk) return exit;
  if (session.json())
    session.PrintValue(status);
  else
    session.out() << reconciler::Printable(StatusLine(status)) << '\n';
  return exit;
}

VerbSpec MapVerb(std::string_view name, std::string_view summary, std::vector<FlagSpec> flags,
                 std::vector<std::string_view> examples) {
  flags.push_back(kReason);
  flags.push_back(kWait);
  return {name, summary, {"MAP"}, std::move(flags), std::move(examples), RunVerb};
}

VerbSpec RollbackVerb() {
  return {"rollback",
          "go back to an earlier version and quarantine this one; in mid-rollout: abort",
          {"[MAP]"},
          {{"to", 0, "VERSION", "a digest, a commit or a number of the history"},
           {"all", 0, "REVISION", "every map that serves or rolls out this commit"},
           {"policies", 0, "SOURCE",
            "ask to go back to policies that judged before: with --to COMMIT or --to-previous, and "
            "--reason; an owner approves, no map moves"},
           {"to-previous", 0, "", "with --policies: to those that judged before these"},
           kReason,
           kWait},
          {"rollback rate-limits --reason \"errors since 14:02\" --wait",
           "rollback rate-limits --to 41", "rollback --all 8c1f0e2 --yes",
           "rollback --policies edge --to-previous --reason \"few lets everything pass\""},
          RunRollback};
}

}  // namespace

std::vector<VerbSpec> OperateVerbs() {
  constexpr FlagSpec kTo{"to", 0, "VERSION", "a digest or number known good (default: stable)"};
  constexpr FlagSpec kFull{"full", 0, "", "all remaining steps at once, then bake"};
  constexpr FlagSpec kSigned{"signed", 0, "FILE",
                             "the answer to a regulated map; its signature is FILE.sig"};
  constexpr FlagSpec kDespite{"despite", 0, "POLICY", "the soft policy to lift; with --reason"};
  constexpr FlagSpec kFor{"for", 0, "CONDITION", "Healthy, phase=.., digest=.. or synced"};
  return {
      MapVerb("promote", "leave a step's pause forward", {kFull},
              {"promote rate-limits", "promote rate-limits --full --wait --timeout 15m"}),
      MapVerb("pause", "stop advancing; a failing rollout still rolls back", {},
              {"pause rate-limits --reason \"incident 4711\""}),
      MapVerb("resume", "undo a pause; evidence is kept", {}, {"resume rate-limits"}),
      MapVerb("skip", "go to the next step now", {}, {"skip rate-limits --wait"}),
      MapVerb("abort", "send everyone back to stable now", {},
              {"abort rate-limits --reason \"wrong limits\" --wait"}),
      MapVerb("retry", "lift the quarantine and roll out again", {}, {"retry rate-limits --wait"}),
      RollbackVerb(),
      MapVerb("lock", "kill switch: serve one known good version until unlock", {kTo},
              {"lock rate-limits --reason \"incident 4711\"", "lock rate-limits --to 41"}),
      MapVerb("unlock", "end a lock and plan anew", {}, {"unlock rate-limits"}),
      {"prune",
       "stop serving a map that left git",
       {"MAP"},
       {kReason},
       {"prune old-limits --yes"},
       RunPrune},
      {"approve",
       "approve a plan that is held, or lift a soft policy from it",
       {"PLAN"},
       {kDespite, kSigned, kReason, kWait},
       {"approve 9f01c2d4aa10", "approve 9f01c2d4aa10 --signed answer.json",
        "approve 9f01c2d4aa10 --despite mass-delete-guard --reason \"reviewed with ana\""},
       RunApprove},
      {"wait",
       "wait until a map is in a condition",
       {"MAP"},
       {kFor},
       {"wait rate-limits --for=Healthy --timeout 30m",
        "wait rate-limits --for=digest=43ad78c94b26", "wait rate-limits --for=synced"},
       RunWait},
  };
}

}  // namespace portolan::controller
