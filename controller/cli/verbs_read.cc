#include <algorithm>
#include <map>
#include <ostream>

#include "controller/cli/status_text.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/http/target.h"
#include "reconciler/rollout/group.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr Duration kWatchInterval = std::chrono::seconds(2);

std::string MapTarget(const std::string& map, std::string_view rest) {
  return "/v1/maps/" + PercentEncode(map) + std::string(rest);
}

// One map's status, or all of them as {maps: [...]}.
Result<Value> FetchStatus(VerbSession& session) {
  const std::string map = session.call().At(0);
  if (map.empty()) return session.Get("/v1/maps");
  PORTOLAN_TRY(Value status, session.Get(MapTarget(map, "/status")));
  return Value(Value::Object{{"maps", Value::Array{std::move(status)}}});
}

void PrintStatus(VerbSession& session, const Value& maps) {
  const bool one = !session.call().At(0).empty();
  const auto& items = ItemsOf(maps, "maps");
  if (session.json()) {
    session.PrintValue(one ? items.front() : maps);
  } else if (session.format() == OutputFormat::kName) {
    for (const Value& map : items) session.out() << map.StringOr("map", "") << '\n';
  } else if (one && session.format() == OutputFormat::kTable) {
    session.out() << StatusDetail(items.front(), session.now().wall);
  } else if (items.empty()) {
    session.Hint("no map yet; portolan source list shows what the daemon watches");
  } else {
    session.Print(StatusTable(items, session.now().wall, session.wide()));
  }
}

ExitCode RunGroups(VerbSession& session) {
  const auto answer = session.Get("/v1/groups");
  if (!answer.ok()) return session.Fail(answer.error());
  const auto& groups = ItemsOf(*answer, "groups");
  if (session.json())
    session.PrintValue(*answer);
  else if (groups.empty())
    session.Hint("no group; a RolloutGroup names maps that move together");
  else
    session.Print(StatusTable(groups, session.now().wall, session.wide()));
  return ExitCode::kOk;
}

// Prints a map whenever its line changes, one line (or with JSON, one object) a change.
ExitCode WatchStatus(VerbSession& session) {
  std::map<std::string, std::string> said;
  const Duration start = session.now().mono;
  while (true) {
    const auto maps = FetchStatus(session);
    if (!maps.ok()) return session.Fail(maps.error());
    for (const Value& map : ItemsOf(*maps, "maps")) {
      const std::string line = StatusTableLine(map);
      std::string& before = said[std::string(map.StringOr("map", ""))];
      if (line == before) continue;
      before = line;
      session.out() << (session.json() ? manifests::WriteJson(map)
                                       : FormatTime(session.now().wall) + "  " + line)
                    << std::endl;
    }
    const bool over = session.timeout() && session.now().mono - start >= *session.timeout();
    if (over) return ExitCode::kTimeout;
    if (!session.env().wait(kWatchInterval)) return ExitCode::kInterrupted;
  }
}

ExitCode RunStatus(VerbSession& session) {
  if (session.call().Has("watch")) return WatchStatus(session);
  const auto maps = FetchStatus(session);
  if (!maps.ok()) return session.Fail(maps.error());
  PrintStatus(session, *maps);
  return ExitCode::kOk;
}

ExitCode GetEntry(VerbSession& session, const std::string& query) {
  const auto answer = session.Get(
      MapTarget(session.call().At(0), "/entries/" + PercentEncode(session.call().At(1)) + query));
  if (!answer.ok()) return session.Fail(answer.error());
  const Value* value = answer->Find("value");
  if (session.json())
    session.PrintValue(*answer);
  else if (session.format() == OutputFormat::kName)
    session.out() << answer->StringOr("key", "") << '\n';
  else
    session.out() << (value == nullptr ? "null" : manifests::CanonicalJson(*value)) << '\n';
  session.Progress(std::string(answer->StringOr("arm", "")) + " " +
                   ShortDigest(answer->StringOr("digest", "")) + ", " +
                   std::string(answer->StringOr("reason", "")));
  return ExitCode::kOk;
}

// What a copy has to change that was made at a place which an earlier answer named.
ExitCode GetChanges(VerbSession& session, const std::string& query) {
  if (!session.call().At(1).empty())
    return session.FailUsage("--since is of a whole map; give either --since or KEY");
  const auto answer = session.Get(MapTarget(session.call().At(0), "/changes" + query));
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json()) {
    session.PrintValue(*answer);
    return ExitCode::kOk;
  }
  TextTable table({"CHANGE", "KEY", "VALUE"});
  std::vector<std::string> keys;
  const auto add = [&](std::string change, const std::string& key, std::string value) {
    keys.push_back(key);
    table.Add({std::move(change), reconciler::Printable(key), std::move(value)});
  };
  const Value* set = answer->Find("set");
  if (set != nullptr && set->is_object())
    for (const auto& [key, value] : set->as_object())
      add("set", key, manifests::CanonicalJson(value));
  for (const std::string& key : answer->StringsAt("erased")) add("erase", key, "-");
  if (session.format() == OutputFormat::kName)
    for (const std::string& key : keys) session.out() << key << '\n';
  else
    session.Print(table);
  session.Progress(std::string(answer->StringOr("arm", "")) + " " +
                   ShortDigest(answer->StringOr("digest", "")) + ", " +
                   std::to_string(keys.size()) + " changes" +
                   (answer->BoolOr("whole", false) ? " to an empty copy: this is everything" : "") +
                   "; next: --since " + std::string(answer->StringOr("since", "")));
  return ExitCode::kOk;
}

ExitCode RunGet(VerbSession& session) {
  const std::string arm = session.call().Get("arm");
  if (!arm.empty() && arm != "stable" && arm != "canary")
    return session.FailUsage("--arm takes stable or canary, found \"" + arm + "\"");
  if (!arm.empty() && session.call().Has("subject"))
    return session.FailUsage("--subject chooses the arm; give either --subject or --arm");
  const std::string query = EncodeQuery({{"subject", session.call().Get("subject")},
                                         {"arm", arm},
                                         {"since", session.call().Get("since")}});
  if (session.call().Has("since")) return GetChanges(session, query);
  if (!session.call().At(1).empty()) return GetEntry(session, query);
  const auto answer = session.Get(MapTarget(session.call().At(0), query));
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json()) {
    session.PrintValue(*answer);
    return ExitCode::kOk;
  }
  const Value* entries = answer->Find("entries");
  const Value none(Value::Object{});
  const Value& found = entries != nullptr && entries->is_object() ? *entries : none;
  TextTable table({"KEY", "VALUE"});
  for (const auto& [key, value] : found.as_object()) {
    if (session.format() == OutputFormat::kName)
      session.out() << key << '\n';
    else
      table.Add({reconciler::Printable(key), manifests::CanonicalJson(value)});
  }
  if (session.format() != OutputFormat::kName) session.Print(table);
  session.Progress(
      std::string(answer->StringOr("arm", "")) + " " + ShortDigest(answer->StringOr("digest", "")) +
      ", " + reconciler::Grouped(static_cast<std::int64_t>(found.as_object().size())) + " entries");
  return ExitCode::kOk;
}

ExitCode RunHistory(VerbSession& session) {
  const auto answer = session.Get(MapTarget(session.call().At(0), "/history"));
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json())
    session.PrintValue(*answer);
  else if (session.format() == OutputFormat::kName)
    for (const Value& version : ItemsOf(*answer, "versions"))
      session.out() << version.StringOr("digest", "") << '\n';
  else
    session.Print(HistoryTable(*answer, session.now().wall, session.wide()));
  return ExitCode::kOk;
}

ExitCode WatchEvents(VerbSession& session) {
  const std::string target = "/v1/events" + EncodeQuery({{"after", session.call().Get("after")},
                                                         {"map", session.call().Get("map")}});
  const auto daemon = session.Connect();
  if (!daemon.ok()) return session.Fail(daemon.error());
  const Status ended = (*daemon)->Follow(target, [&](const Value& event) {
    session.out() << (session.json() ? manifests::WriteJson(event) : EventLine(event)) << std::endl;
    return session.env().wait(Duration(0));
  });
  if (!ended.ok()) return session.Fail(ended.error());
  if (!session.env().wait(Duration(0))) return ExitCode::kInterrupted;
  return session.Fail({ErrorCode::kUnavailable, "the daemon ended the stream of events"});
}

ExitCode RunEvents(VerbSession& session) {
  const std::string after = session.call().Get("after");
  if (after.find_first_not_of("0123456789") != std::string::npos)
    return session.FailUsage("--after takes a sequence number, found \"" + after + "\"");
  if (session.call().Has("watch")) return WatchEvents(session);
  const auto answer =
      session.Get("/v1/events" + EncodeQuery({{"after", after},
                                              {"map", session.call().Get("map")},
                                              {"limit", session.call().Get("limit")}}));
  if (!answer.ok()) return session.Fail(answer.error());
  const auto& events = ItemsOf(*answer, "events");
  if (session.format() == OutputFormat::kJson)
    session.PrintValue(*answer);
  else if (session.format() == OutputFormat::kJsonLines)
    for (const Value& event : events) session.out() << manifests::WriteJson(event) << '\n';
  else
    session.Print(EventTable(events, session.wide()));
  return ExitCode::kOk;
}

ExitCode RunInstances(VerbSession& session) {
  const std::string map = session.call().At(0);
  const auto answer = session.Get("/v1/instances" + EncodeQuery({{"map", map}}));
  if (!answer.ok()) return session.Fail(answer.error());
  const auto& instances = ItemsOf(*answer, "instances");
  if (session.json())
    session.PrintValue(*answer);
  else if (session.format() == OutputFormat::kName)
    for (const Value& instance : instances)
      session.out() << instance.StringOr("instance", "") << '\n';
  else if (instances.empty())
    session.Hint("no instance acknowledges yet; instances do it by POST /v1/acks");
  else
    session.Print(InstanceTable(instances, session.now().wall));
  return ExitCode::kOk;
}

// MAP/KEY: names of maps hold no slash, keys may.
ExitCode RunWhy(VerbSession& session) {
  const std::string what = session.call().At(0);
  const std::size_t slash = reconciler::IsGroupName(what) ? std::string::npos : what.find('/');
  const std::string key = slash == std::string::npos ? "" : what.substr(slash + 1);
  const auto answer =
      session.Get(MapTarget(what.substr(0, slash), "/why" + EncodeQuery({{"key", key}})));
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json())
    session.PrintValue(*answer);
  else
    session.out() << WhyText(*answer);
  return ExitCode::kOk;
}

}  // namespace

std::vector<VerbSpec> ReadVerbs() {
  constexpr FlagSpec kMap{"map", 0, "MAP", "only of this map"};
  return {
      {"status",
       "what is served, and what a rollout waits for",
       {"[MAP]"},
       {{"watch", 'w', "", "print every change until interrupted"}},
       {"status", "status rate-limits", "status -o wide", "status --watch"},
       RunStatus},
      {"groups",
       "the groups of maps that move together, and where they are",
       {},
       {},
       {"groups", "status group/edge", "abort group/edge"},
       RunGroups},
      {"get",
       "read a map or one key",
       {"MAP", "[KEY]"},
       {{"subject", 's', "SUBJECT", "as this subject sees it (default: none, so stable)"},
        {"arm", 0, "ARM", "stable or canary"},
        {"since", 0, "PLACE", "only what changed since a digest, or `since` of an answer before"}},
       {"get rate-limits", "get rate-limits api/login --subject user-17",
        "get rate-limits --arm canary -o json", "get rate-limits --since sha256:… -o json"},
       RunGet},
      {"history",
       "the versions of a map, newest first",
       {"MAP"},
       {},
       {"history rate-limits", "history rate-limits -o json"},
       RunHistory},
      {"events",
       "what happened",
       {},
       {kMap,
        {"after", 0, "N", "only events after this sequence"},
        {"limit", 0, "N", "at most so many"},
        {"watch", 'w', "", "go on until interrupted"}},
       {"events --map rate-limits", "events --watch -o jsonl", "events --after 1200"},
       RunEvents},
      {"instances",
       "the running clients that acknowledge maps, and what they hold",
       {"[MAP]"},
       {},
       {"instances", "instances rate-limits -o json"},
       RunInstances},
      {"why",
       "what a map waits for; for a key, who set its value",
       {"MAP[/KEY]"},
       {},
       {"why rate-limits", "why rate-limits/api/login", "why group/edge"},
       RunWhy},
  };
}

}  // namespace portolan::controller
