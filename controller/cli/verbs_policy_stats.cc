// What policies said of the plans of the last weeks, as the daemon stored it.
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/http/target.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::string_view kSinceDefault = "28d";
// As the API names them, which is how the table heads them.
constexpr std::string_view kCounts[] = {"plans", "allow", "deny", "error", "waived", "overridden"};

std::string TargetOf(const Invocation& call, const std::string& since) {
  std::string target = "/v1/policies/stats?since=" + PercentEncode(since);
  if (!call.At(0).empty()) target += "&source=" + PercentEncode(call.At(0));
  if (call.Has("map")) target += "&map=" + PercentEncode(call.Get("map"));
  return target;
}

void PrintText(const VerbSession& session, const Value& answer) {
  TextTable table(
      {"WEEK", "POLICY", "LEVEL", "PLANS", "ALLOW", "DENY", "ERROR", "WAIVED", "OVERRIDDEN"});
  for (const Value& week : ItemsOf(answer, "policies")) {
    std::vector<std::string> row;
    for (const std::string_view name : {"week", "policy", "level"})
      row.push_back(OrDash(week.StringOr(name, "")));
    for (const std::string_view name : kCounts) row.push_back(std::to_string(week.IntOr(name, 0)));
    table.Add(std::move(row));
  }
  if (!table.empty()) session.Print(table);
}

ExitCode RunStats(VerbSession& session) {
  const Invocation& call = session.call();
  const auto within = ParseDuration(call.Get("since", kSinceDefault));
  if (!within.ok()) return session.FailUsage("--since: " + within.error().message);
  const std::string since = FormatTime(session.now().wall - *within);
  const auto answer = session.Get(TargetOf(call, since));
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json())
    session.PrintValue(*answer);
  else
    PrintText(session, *answer);
  session.Progress(std::to_string(answer->IntOr("plans", 0)) + " plans judged since " + since);
  return ExitCode::kOk;
}

}  // namespace

std::vector<VerbSpec> PolicyStatsVerbs() {
  return {{"policy stats",
           "what each policy said of the plans of each week",
           {"[SOURCE]"},
           {{"map", 0, "MAP", "only plans of this map"},
            {"since", 0, "DURATION", "how far back (default: 28d)"}},
           {"policy stats", "policy stats edge --since 7d -o json"},
           RunStats}};
}

}  // namespace portolan::controller
