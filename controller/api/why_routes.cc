// Why a map is where it is, on one page.
#include <algorithm>

#include "controller/api/api.h"
#include "manifests/entries.h"
#include "reconciler/change_view.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/judge.h"
#include "reconciler/rollout/record.h"
#include "reconciler/rollout/step.h"
#include "reconciler/shadow_status.h"
#include "reconciler/status.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Rollout;

constexpr std::size_t kWhyEvents = 12;
constexpr std::size_t kEventsRead = 500;   // newest, in which the present rollout is looked for
constexpr std::size_t kWhyVersions = 100;  // read at most to find who set a key

Value Fact(std::string_view label, std::string text) {
  Value fact;
  fact.Set("label", label);
  fact.Set("text", std::move(text));
  return fact;
}

std::string Describe(const reconciler::VersionRef& version) {
  const std::string name = version.number == 0 ? "not admitted yet: "
                                               : "version " + std::to_string(version.number) + " ";
  return name + version.digest.Short() + ", " + version.revision.ToString() + " by " +
         version.revision.author + ": " + version.revision.subject;
}

std::string ArmText(const reconciler::ArmEvidence& arm) {
  return std::to_string(arm.lookups) + " lookups, " +
         (arm.SubjectsAtLeast() < arm.SubjectsAtMost() ? "at most " : "") +
         std::to_string(arm.SubjectsAtMost()) + " subjects, " +
         std::to_string(arm.bad_subjects.size()) + " of them failing, " +
         (arm.last_report ? "last report " + FormatTime(*arm.last_report)
                          : std::string("no report yet"));
}

// The plan that admitted a version; empty when the map's history goes back less far, or was written
// by a version that did not keep it.
Digest PlanOf(const Rollout& r, const reconciler::VersionRef& version) {
  for (const reconciler::HistoryEntry& entry : r.history)
    if (entry.version.number == version.number) return entry.plan;
  return {};
}

// Of what runs, waits or was rolled back, else of what is served.
Digest PresentPlan(const Rollout& r) {
  if (r.target) return r.target->plan;
  return r.stable ? PlanOf(r, *r.stable) : Digest();
}

Value::Array FactsOf(const Rollout& r) {
  Value::Array facts;
  facts.push_back(Fact("phase", std::string(reconciler::PhaseName(r.phase)) +
                                    (r.reason.empty() ? "" : ", " + r.reason) + ", since " +
                                    FormatTime(r.since)));
  if (r.stable) facts.push_back(Fact("stable", Describe(*r.stable)));
  if (r.target) facts.push_back(Fact("target", Describe(r.target->version)));
  const auto is = [&r](const reconciler::VersionRef& version) {
    return version.digest == r.desired->digest;
  };
  if (r.desired && !(r.target && is(r.target->version)) && !(r.stable && is(*r.stable)))
    facts.push_back(Fact("git wants", Describe(*r.desired)));
  if (const Digest plan = PresentPlan(r); !plan.empty())
    facts.push_back(Fact("plan", plan.ToString()));
  if (r.target)
    for (const auto& finding : r.target->findings)
      facts.push_back(Fact(finding.policy, finding.message));
  if (r.target && r.target->strategy.shadow && reconciler::ProgressIsOfTarget(r.phase))
    facts.push_back(Fact("dual run", reconciler::ShadowText(r.progress.shadow)));
  if (reconciler::ServesCanary(r.phase) && r.target) {
    const auto& strategy = r.target->strategy;
    facts.push_back(Fact("step", std::to_string(r.progress.step + 1) + " of " +
                                     std::to_string(strategy.steps.size()) + " of strategy " +
                                     strategy.name + ", weight " +
                                     std::to_string(reconciler::WeightOf(r)) + " of 100000"));
    facts.push_back(Fact("stable arm", ArmText(r.progress.evidence.stable)));
    facts.push_back(Fact("canary arm", ArmText(r.progress.evidence.canary)));
  }
  if (!r.group.empty())
    facts.push_back(Fact("group", "moves with " + reconciler::GroupName(r.group) +
                                      ": its rollout, its verdict, its verbs"));
  if (!r.members.empty()) {
    std::string maps;
    for (const std::string& map : r.members) maps += (maps.empty() ? "" : ", ") + map;
    facts.push_back(Fact("maps", maps));
  }
  if (r.suspension)
    facts.push_back(Fact("suspended", "until " + FormatTime(r.suspension->until) + " by " +
                                          r.suspension->actor + ": " + r.suspension->reason));
  for (const auto& item : r.overrides)
    facts.push_back(Fact("override", item.key + " until " + FormatTime(item.until) + " by " +
                                         item.actor + ": " + item.reason));
  if (reconciler::ServesCanary(r.phase) || r.phase == reconciler::Phase::kRolledBack)
    for (const auto& metric : reconciler::JudgementOf(r).metrics)
      facts.push_back(
          Fact("metric " + metric.name,
               std::string(reconciler::VerdictName(metric.shown())) + ": " + metric.message));
  for (const auto& quarantine : r.quarantine)
    facts.push_back(Fact("quarantine", quarantine.digest.Short() + ": " + quarantine.reason + ", " +
                                           quarantine.message));
  return facts;
}

template <typename Say>
void SayNextOfShadow(const Rollout& r, Say say) {
  const manifests::Shadow& shadow = *r.target->strategy.shadow;
  if (r.reason != "Progressing") say(r.message);
  say("goes to the first step when the versions agree for " + FormatDuration(shadow.soak) + " (" +
      FormatDuration(r.progress.shadow.soaked) +
      " done; only time in which something was compared counts)");
  say("rolls back when they disagree more than maxDisagreement allows; stable is served meanwhile. "
      "To go on now: portolan skip " +
      r.map);
}

Value::Array NextOf(const Rollout& r) {
  using reconciler::Phase;
  Value::Array next;
  const auto say = [&next](std::string text) { next.emplace_back(std::move(text)); };
  if (r.phase == Phase::kHealthy)
    say("nothing to do; the next commit that changes this map starts a "
        "rollout");
  if (r.phase == Phase::kShadow) SayNextOfShadow(r, say);
  if (r.phase == Phase::kStepping) {
    const auto& strategy = r.target->strategy;
    const auto& step = strategy.steps[r.progress.step];
    say("advances when the soak is over (" + FormatDuration(r.progress.soaked) + " of " +
        FormatDuration(step.soak) + ") and each arm has " + std::to_string(strategy.min_lookups) +
        " lookups, and its metrics allow it");
    say("rolls back by itself at a hard limit, at a metric that fails, and "
        "when not done after " +
        FormatDuration(strategy.progress_deadline) + " (" + FormatDuration(r.progress.spent) +
        " spent)");
  }
  if (r.phase == Phase::kBaking && r.target)
    say("known good after " + FormatDuration(r.target->strategy.bake) + " (" +
        FormatDuration(r.progress.baked) + " done)");
  if (r.phase == Phase::kHeld || r.phase == Phase::kPaused || r.phase == Phase::kRetiring ||
      r.phase == Phase::kLocked)
    say(r.message);
  if (r.phase == Phase::kRolledBack)
    say("waits for a commit with other values, or: portolan retry " + r.map +
        "; git back at stable ends it too");
  if (r.suspension && r.phase != Phase::kHeld)
    say("no rollout starts before " + FormatTime(r.suspension->until));
  for (const auto& item : r.overrides)
    say(item.key + " is as git says again at " + FormatTime(item.until));
  return next;
}

std::string GroupLaneOf(const Rollout& r) {
  return r.group.empty() ? "" : reconciler::GroupName(r.group);
}

// The last few of them, newest last.
Value::Array NewestOf(const std::vector<reconciler::Event>& events) {
  Value::Array values;
  for (std::size_t i = events.size() - std::min(events.size(), kWhyEvents); i < events.size(); ++i)
    values.push_back(EventToValue(events[i]));
  return values;
}

std::optional<std::string> ValueIn(const Api& api, const Digest& digest, std::string_view key) {
  const auto version = api.versions.Get(digest);
  if (!version.ok()) return std::nullopt;
  const auto value = (*version)->Find(key);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

// The version that gave the key the value it has in stable: the oldest of the
// run of versions that hold it.
const reconciler::HistoryEntry* SetterOf(const Api& api, const Rollout& r, std::string_view key) {
  const auto now = ValueIn(api, r.stable->digest, key);
  const reconciler::HistoryEntry* setter = nullptr;
  std::size_t read = 0;
  for (auto entry = r.history.rbegin(); entry != r.history.rend() && read < kWhyVersions; ++entry) {
    if (entry->version.number > r.stable->number || !entry->known_good) continue;
    ++read;
    if (ValueIn(api, entry->version.digest, key) != now) break;
    setter = &*entry;
  }
  return setter;
}

// The approval under which a plan went out, when it needed one. Of a version without a known plan,
// that of any plan with this target.
const reconciler::Approval* ApprovalOf(const Api& api, const Rollout& r, const Digest& plan,
                                       const Digest& version) {
  for (auto approval = r.approvals.rbegin(); approval != r.approvals.rend(); ++approval) {
    if (approval->plan == plan) return &*approval;
    if (!plan.empty()) continue;
    const auto stored = StoredPlan(api, approval->plan);
    if (stored.ok() && stored->StringOr("target", "") == version.ToString()) return &*approval;
  }
  return nullptr;
}

Status AddEntry(const Api& api, const Request& request, const Rollout& r, Value& value) {
  const std::string_view key = request.QueryOr("key", "");
  if (!r.stable) return Error{ErrorCode::kNotFound, r.map + " has no stable version yet"};
  const auto now = ValueIn(api, r.stable->digest, key);
  if (!now)
    return Error{ErrorCode::kNotFound,
                 "map \"" + r.map + "\" has no key \"" + std::string(key) + "\""};
  PORTOLAN_TRY(Value parsed, manifests::ParseJson(*now));
  const std::set<std::string> globs = reconciler::ServingOf(r).sensitive;
  const bool masked = !request.actor.scopes.Has(Scope::kSensitive) &&
                      manifests::IsSensitiveKey({globs.begin(), globs.end()}, key);
  if (masked) parsed = Value(reconciler::MaskedValue(*now));
  const reconciler::HistoryEntry* setter = SetterOf(api, r, key);
  const reconciler::VersionRef& version = setter != nullptr ? setter->version : *r.stable;
  Value entry;
  entry.Set("key", key);
  entry.Set("value", std::move(parsed));
  if (masked) entry.Set("masked", true);
  entry.Set("digest", version.digest.ToString());
  entry.Set("number", version.number);
  entry.Set("revision", version.revision.ToString());
  entry.Set("author", version.revision.author);
  entry.Set("subject", version.revision.subject);
  Digest plan = PlanOf(r, version);
  const reconciler::Approval* approval = ApprovalOf(api, r, plan, version.digest);
  if (approval != nullptr) plan = approval->plan;
  entry.Set("plan", plan.empty() ? Value() : Value(plan.ToString()));
  entry.Set("approver", approval != nullptr ? Value(approval->actor) : Value());
  Value overridden;
  for (Value& item : reconciler::OverridesToJson(r, request.actor.scopes.Has(Scope::kSensitive)))
    if (item.StringOr("key", "") == key) overridden = std::move(item);
  entry.Set("override", std::move(overridden));
  value.Set("entry", std::move(entry));
  return {};
}

// The steps of the present rollout with their times, from its events.
Value::Array StepsOf(const std::vector<reconciler::Event>& events, const Rollout& r) {
  Value::Array steps;
  for (const reconciler::Event& event : events) {
    if (event.data.StringOr("rollout", "") != r.id()) continue;
    const bool step = event.reason == "StepStarted";
    const bool bake = event.reason == "BakeStarted";
    const bool shadow = event.reason == "ShadowStarted";
    const bool end = event.reason == "RollingBack" || event.reason == "Promoted" ||
                     event.reason == "Superseded" || event.reason == "RolloutWithdrawn" ||
                     event.reason == "GitBackAtStable";
    if (!step && !bake && !shadow && !end) continue;
    if (!steps.empty() && steps.back().Find("endedAt")->is_null()) {
      steps.back().Set("endedAt", FormatTime(event.time));
      steps.back().Set("endedBy", event.reason);
      if (const Value* metrics = event.data.Find("metrics")) steps.back().Set("metrics", *metrics);
    }
    if (end) continue;
    Value item;
    item.Set("step", bake     ? Value("bake")
                     : shadow ? Value("shadow")
                              : Value(event.data.IntOr("step", 0)));
    item.Set("weight", event.data.IntOr("weight", 0));
    item.Set("startedAt", FormatTime(event.time));
    item.Set("endedAt", Value());
    item.Set("endedBy", "");
    item.Set("metrics", Value::Array{});
    steps.push_back(std::move(item));
  }
  return steps;
}

// What ended the present rollout, or paused it: the event with its numbers.
Value FiredOf(const std::vector<reconciler::Event>& events, const Rollout& r) {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->data.StringOr("rollout", "") != r.id()) continue;
    if (event->reason == "StepStarted" || event->reason == "Promoted") return {};
    if (event->reason == "RollingBack" || event->reason == "Paused" ||
        event->reason == "BakeExtended" || event->reason == "FirstVersionFailing")
      return EventToValue(*event);
  }
  return {};
}

// The newest measurements of each metric that a provider measures.
Value::Array MeasurementsOf(const Rollout& r) {
  Value::Array measurements;
  for (const auto& [key, run] : r.progress.runs) {
    for (const reconciler::TakenMeasurement& taken : run.last) {
      Value item;
      item.Set("metric", key.analysis + "/" + key.metric);
      item.Set("at", FormatTime(taken.at));
      item.Set("outcome", reconciler::MeasurementOutcomeName(taken.outcome));
      item.Set("canary", taken.canary ? Value(*taken.canary) : Value());
      item.Set("stable", taken.stable ? Value(*taken.stable) : Value());
      item.Set("message", taken.message);
      measurements.push_back(std::move(item));
    }
  }
  return measurements;
}

// Whether a client's words name a sensitive key.
bool NamesSensitive(std::string_view text, const std::vector<std::string>& sensitive) {
  constexpr std::string_view kBreaks = " \t\r\n\"'`,;=()[]{}<>";
  for (std::size_t at = text.find_first_not_of(kBreaks); at != std::string_view::npos;
       at = text.find_first_not_of(kBreaks, at)) {
    const std::size_t end = std::min(text.find_first_of(kBreaks, at), text.size());
    std::string_view word = text.substr(at, end - at);
    while (!word.empty() && (word.back() == ':' || word.back() == '.')) word.remove_suffix(1);
    if (manifests::IsSensitiveKey(sensitive, word)) return true;
    at = end;
  }
  return false;
}

// What clients said of both arms in the present step, or in the one that rolled back: first the
// canary, each arm in the order of arrival. None when it is over: the marks of then may be gone.
Value::Array SamplesOf(const Request& request, const Rollout& r) {
  if (!reconciler::ProgressIsOfTarget(r.phase)) return {};
  const std::set<std::string> globs = reconciler::ServingOf(r).sensitive;
  const std::vector<std::string> sensitive(globs.begin(), globs.end());
  const bool sees = request.actor.scopes.Has(Scope::kSensitive);
  Value::Array samples;
  for (const mapcore::Arm arm : {mapcore::Arm::kCanary, mapcore::Arm::kStable}) {
    for (const reconciler::ClientSample& sample : r.progress.evidence.samples) {
      if (sample.arm != arm) continue;
      const bool masked = !sees && (manifests::IsSensitiveKey(sensitive, sample.key) ||
                                    NamesSensitive(sample.text, sensitive));
      Value item;
      item.Set("arm", mapcore::ArmName(arm));
      item.Set("instance", sample.instance);
      item.Set("key", sample.key);
      item.Set("text", masked ? reconciler::MaskedValue(sample.text) : sample.text);
      item.Set("at", sample.at == WallTime() ? Value() : Value(FormatTime(sample.at)));
      samples.push_back(std::move(item));
    }
  }
  return samples;
}

// What policies said of the present plan, and who approved it.
void AddPlan(const Api& api, const Rollout& r, Value& value) {
  const Digest plan = PresentPlan(r);
  const auto stored = plan.empty() ? Result<Value>(Value()) : StoredPlan(api, plan);
  const Value* policies = stored.ok() ? stored->Find("policies") : nullptr;
  Value::Array approvals;
  for (const reconciler::Approval& approval : r.approvals) {
    if (approval.plan != plan) continue;
    Value item;
    item.Set("actor", approval.actor);
    item.Set("at", FormatTime(approval.at));
    item.Set("reason", approval.reason);
    approvals.push_back(std::move(item));
  }
  value.Set("plan", plan.empty() ? Value() : Value(plan.ToString()));
  value.Set("policies", policies == nullptr ? Value() : *policies);
  value.Set("approvals", std::move(approvals));
}

Result<Response> Why(const Api& api, const Request& request) {
  PORTOLAN_TRY(const auto rollout, RolloutOf(api, request));
  const Rollout& r = *rollout;
  const Value status = StatusOf(api, r);
  Value value;
  value.Set("map", r.map);
  value.Set("summary", r.map + " is " + std::string(reconciler::PhaseName(r.phase)) +
                           (r.message.empty() ? "" : ": " + r.message));
  value.Set("facts", FactsOf(r));
  for (const std::string_view same : {"stable", "target", "desired", "nextAt"})
    value.Set(same, *status.Find(same));
  AddPlan(api, r, value);
  const std::string group = GroupLaneOf(r);
  PORTOLAN_TRY(
      const std::vector<reconciler::Event> events,
      api.store.Events({.limit = kEventsRead, .map = r.map, .newest = true, .also = group}));
  value.Set("steps", StepsOf(events, r));
  value.Set("metrics", *status.Find("metrics"));
  value.Set("measurements", MeasurementsOf(r));
  value.Set("fired", FiredOf(events, r));
  value.Set("next", NextOf(r));
  value.Set("events", NewestOf(events));
  value.Set("samples", SamplesOf(request, r));
  value.Set("shadow", reconciler::ShadowStatus(r, request.actor.scopes.Has(Scope::kSensitive)));
  if (!request.QueryOr("key", "").empty()) PORTOLAN_CHECK(AddEntry(api, request, r, value));
  return JsonResponse(value);
}

}  // namespace

void AddWhyRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/maps/{map}/why", Scope::kRead,
             [&api](const Request& request) { return Why(api, request); });
}

}  // namespace portolan::controller
