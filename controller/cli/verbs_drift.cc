// What is deliberately or by mistake other than git says: overrides, suspensions, drift.
#include <cstdio>
#include <ostream>

#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/http/target.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr FlagSpec kDriftReason{"reason", 'r', "TEXT", "why, for the history and the events"};

std::string Text(const Value& value, std::string_view key) {
  return OrDash(value.StringOr(key, ""));
}

std::string MapTarget(const std::string& map, std::string_view verb) {
  return "/v1/maps/" + PercentEncode(map) + "/" + std::string(verb);
}

// Adds --for and --reason, which an order that ends by itself needs. Errors: kInvalid.
Status AddOrder(VerbSession& session, Value& body) {
  const auto length = ParseDuration(session.call().Get("for"));
  if (!length.ok())
    return Error{ErrorCode::kInvalid, "--for is needed, it ends by itself: for example --for 1h"};
  if (session.call().Get("reason").empty())
    return Error{ErrorCode::kInvalid, "--reason is needed: it is recorded and shown to everybody"};
  body.Set("forMs", length->count());
  return {};
}

// Sends a verb and prints what happened.
ExitCode Send(VerbSession& session, std::string_view verb, Value body) {
  const std::string map = session.call().At(0);
  body.Set("requestId", session.RequestId());
  if (session.call().Has("reason")) body.Set("reason", session.call().Get("reason"));
  const auto answer = session.Post(MapTarget(map, verb), body);
  if (!answer.ok()) return session.Fail(answer.error());
  if (session.json())
    session.PrintValue(*answer);
  else if (session.format() == OutputFormat::kName)
    session.out() << map << '\n';
  else
    session.out() << map << ": " << reconciler::Printable(answer->StringOr("message", "done"))
                  << '\n';
  return ExitCode::kOk;
}

ExitCode RunOverrideSet(VerbSession& session) {
  Value body(Value::Object{{"key", session.call().At(1)}});
  const auto value = manifests::ParseJson(session.call().At(2));
  if (!value.ok())
    return session.FailUsage("VALUE is JSON, found " + session.call().At(2) +
                             "; a text needs its quotes: '\"" + session.call().At(2) + "\"'");
  body.Set("value", *value);
  if (const Status order = AddOrder(session, body); !order.ok())
    return session.FailUsage(order.error().message);
  return Send(session, "override", std::move(body));
}

ExitCode RunOverrideClear(VerbSession& session) {
  return Send(session, "clear-override", Value::Object{{"key", session.call().At(1)}});
}

ExitCode RunOverrideList(VerbSession& session) {
  const auto answer = session.Get("/v1/overrides" + EncodeQuery({{"map", session.call().At(0)}}));
  if (!answer.ok()) return session.Fail(answer.error());
  const auto& overrides = ItemsOf(*answer, "overrides");
  if (session.json()) {
    session.PrintValue(*answer);
  } else if (session.format() == OutputFormat::kName) {
    for (const Value& item : overrides)
      session.out() << item.StringOr("map", "") << '/' << item.StringOr("key", "") << '\n';
  } else if (overrides.empty()) {
    session.Hint("no override is in force");
  } else {
    TextTable table({"MAP", "KEY", "VALUE", "UNTIL", "ACTOR", "REASON"});
    for (const Value& item : overrides) {
      const Value* value = item.Find("value");
      table.Add({Text(item, "map"), Text(item, "key"),
                 value == nullptr ? "-" : reconciler::Printable(manifests::CanonicalJson(*value)),
                 Text(item, "until"), Text(item, "actor"), Text(item, "reason")});
    }
    session.Print(table);
  }
  return ExitCode::kOk;
}

ExitCode RunSuspend(VerbSession& session) {
  Value body(Value::Object{});
  if (const Status order = AddOrder(session, body); !order.ok())
    return session.FailUsage(order.error().message);
  return Send(session, "suspend", std::move(body));
}

ExitCode RunUnsuspend(VerbSession& session) {
  return Send(session, "unsuspend", Value::Object{});
}

std::string RateText(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g%%", rate * 100);
  return text;
}

double RateOf(const Value& value, std::string_view key) {
  const Value* rate = value.Find(key);
  return rate != nullptr && rate->is_number() ? rate->as_double() : 0;
}

void PrintDrift(VerbSession& session, const Value& answer) {
  TextTable table(
      {"MAP", "HOLDER", "KEYS", "DRIFTED", "RATE", "OVERRIDES", "HEAL", "HEALS", "KEY"});
  for (const Value& map : ItemsOf(answer, "maps")) {
    const std::string heal = map.BoolOr("selfHeal", true)
                                 ? FormatDuration(Duration(map.IntOr("healIntervalMs", 0)))
                                 : "off";
    for (const Value& holder : ItemsOf(map, "holders")) {
      const auto& some = ItemsOf(holder, "some");
      std::string first = some.empty()
                              ? Text(holder, "error")
                              : Text(some.front(), "key") + " " + Text(some.front(), "kind");
      if (holder.BoolOr("split", false)) first = "the split";
      table.Add({Text(map, "map"), Text(holder, "holder"),
                 reconciler::Grouped(holder.IntOr("keys", 0)),
                 reconciler::Grouped(holder.IntOr("drifted", 0)), RateText(RateOf(holder, "rate")),
                 std::to_string(ItemsOf(map, "overrides").size()), heal,
                 std::to_string(map.IntOr("heals", 0)), first});
    }
  }
  session.Print(table);
}

// 1 when something drifted, as diff(1) has it.
ExitCode RunDrift(VerbSession& session) {
  const auto answer = session.Get("/v1/drift" + EncodeQuery({{"map", session.call().At(0)}}));
  if (!answer.ok()) return session.Fail(answer.error());
  const Value none;
  const Value* totals = answer->Find("totals");
  if (totals == nullptr) totals = &none;
  if (session.json()) {
    session.PrintValue(*answer);
  } else if (session.format() == OutputFormat::kName) {
    for (const Value& map : ItemsOf(*answer, "maps"))
      session.out() << map.StringOr("map", "") << '\n';
  } else {
    PrintDrift(session, *answer);
  }
  session.Progress(reconciler::Grouped(totals->IntOr("driftedKeys", 0)) + " of " +
                   reconciler::Grouped(totals->IntOr("keys", 0)) + " keys drifted (" +
                   RateText(RateOf(*totals, "keyRate")) + "), " +
                   reconciler::Grouped(totals->IntOr("driftedMaps", 0)) + " of " +
                   reconciler::Grouped(totals->IntOr("maps", 0)) + " maps");
  return totals->IntOr("driftedMaps", 0) == 0 ? ExitCode::kOk : ExitCode::kDifference;
}

}  // namespace

std::vector<VerbSpec> DriftVerbs() {
  constexpr FlagSpec kFor{"for", 0, "DURATION", "how long; then it ends by itself"};
  return {
      {"override set",
       "serve another value of one key for a while, to everyone (break-glass)",
       {"MAP", "KEY", "VALUE"},
       {kFor, kDriftReason},
       {"override set rate-limits api/login '{\"rps\":5}' --for 1h --reason \"incident 4711\""},
       RunOverrideSet},
      {"override list",
       "the overrides in force, of one map or all",
       {"[MAP]"},
       {},
       {"override list", "override list rate-limits -o json"},
       RunOverrideList},
      {"override clear",
       "end an override now",
       {"MAP", "KEY"},
       {kDriftReason},
       {"override clear rate-limits api/login"},
       RunOverrideClear},
      {"suspend",
       "start no rollout of a map for a while; what runs goes on",
       {"MAP"},
       {kFor, kDriftReason},
       {"suspend rate-limits --for 2h --reason \"sale\""},
       RunSuspend},
      {"unsuspend",
       "end a suspension now",
       {"MAP"},
       {kDriftReason},
       {"unsuspend rate-limits"},
       RunUnsuspend},
      {"drift",
       "compare what is served with what should be; exit 1 when something drifted",
       {"[MAP]"},
       {},
       {"drift", "drift rate-limits -o json"},
       RunDrift},
  };
}

}  // namespace portolan::controller
