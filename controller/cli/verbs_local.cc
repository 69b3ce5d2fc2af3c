#include <algorithm>
#include <ostream>

#include "controller/cli/doctor.h"
#include "controller/cli/help.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/git/local_tree.h"

namespace portolan::controller {
namespace {

using manifests::Value;

ExitCode RunVersion(VerbSession& session) {
  if (session.json())
    session.PrintValue(Value::Object{{"version", session.env().version}});
  else
    session.out() << "portolan " << session.env().version << '\n';
  return ExitCode::kOk;
}

ExitCode RunHelp(VerbSession& session) {
  std::string topic = session.call().At(0);
  if (!session.call().At(1).empty()) topic += " " + session.call().At(1);
  if (topic.empty()) {
    session.out() << HelpOverview(AllVerbs());
    return ExitCode::kOk;
  }
  if (topic == "exit-codes") {
    session.out() << HelpOfExitCodes();
    return ExitCode::kOk;
  }
  for (const VerbSpec& verb : AllVerbs()) {
    if (verb.name != topic) continue;
    session.out() << HelpOfVerb(verb);
    return ExitCode::kOk;
  }
  return session.FailUsage("no help for \"" + topic + "\"; portolan help lists the verbs");
}

void CheckDaemon(VerbSession& session, std::vector<Check>& checks) {
  const std::string server = ResolveServer(session.env(), session.call().Get("server"));
  const auto status = session.Get("/v1/status");
  if (!status.ok()) {
    checks.push_back({"daemon", false, server + ": " + status.error().message});
    return;
  }
  const auto ready = session.Get("/readyz");
  checks.push_back({"daemon", ready.ok(),
                    server + " answers, version " + OrDash(TextAt(*status, {"daemon", "version"})) +
                        (ready.ok() ? "" : ", but is not ready: " + ready.error().message)});
  checks.push_back(CheckClockAgainst(session.now().wall, TextAt(*status, {"daemon", "startedAt"})));
}

ExitCode RunDoctor(VerbSession& session) {
  std::vector<Check> checks{CheckClock(session.now().wall),
                            CheckCaFile(session.env().getenv("SSL_CERT_FILE").value_or("")),
                            {"git", true, LibgitFeatures()},
                            CheckFastPaths(mapcore::FastPaths().states())};
  if (session.call().Has("state"))
    checks.push_back(CheckStateDirectory(session.call().Get("state")));
  if (!session.call().Has("offline")) CheckDaemon(session, checks);
  const bool ok = std::ranges::all_of(checks, &Check::ok);
  if (session.json()) {
    Value::Array items;
    for (const Check& check : checks)
      items.push_back(
          Value::Object{{"check", check.name}, {"ok", check.ok}, {"message", check.message}});
    session.PrintValue(Value::Object{{"ok", ok}, {"checks", std::move(items)}});
  } else {
    TextTable table({"CHECK", "RESULT", "FOUND"});
    for (const Check& check : checks)
      table.Add({check.name, check.ok ? "ok" : "FAIL", OrDash(check.message)});
    session.Print(table);
  }
  return ok ? ExitCode::kOk : ExitCode::kDifference;
}

}  // namespace

std::vector<VerbSpec> LocalVerbs() {
  return {
      {"doctor",
       "look for what keeps Portolan from working here",
       {},
       {{"state", 0, "DIR", "also check the daemon's state directory"},
        {"offline", 0, "", "do not ask the daemon"}},
       {"doctor", "doctor --state /var/lib/portolan", "doctor --offline -o json"},
       RunDoctor},
      {"version", "the version of this program", {}, {}, {"version"}, RunVersion},
      {"help",
       "help for a verb, or exit-codes",
       {"[VERB]", "[SECOND-WORD]"},
       {},
       {"help plan", "help source accept", "help exit-codes"},
       RunHelp},
  };
}

}  // namespace portolan::controller
