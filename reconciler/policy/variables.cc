#include "reconciler/policy/variables.h"

#include <algorithm>

#include "manifests/entries.h"
#include "reconciler/policy/cel/time.h"
#include "reconciler/policy/json_value.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

constexpr std::int64_t kMsPerSecond = 1'000;
constexpr std::uint32_t kNanosPerMs = 1'000'000;

cel::SecondsNanos SplitTime(Duration time) {
  const std::int64_t ms = time.count();
  const std::int64_t seconds = ms / kMsPerSecond - (ms % kMsPerSecond < 0 ? 1 : 0);
  return {seconds, static_cast<std::uint32_t>(ms - seconds * kMsPerSecond) * kNanosPerMs};
}

cel::Value TimeValue(WallTime time) {
  return cel::Value::Timestamp(SplitTime(time.time_since_epoch()));
}

// A weight in percent: 5, 100, 0.5.
cel::Value WeightValue(std::uint32_t weight) {
  constexpr std::uint32_t kPerPercent = mapcore::kWeightMax / 100;
  if (weight % kPerPercent == 0) return cel::Value::Int(weight / kPerPercent);
  return cel::Value::Double(static_cast<double>(weight) / kPerPercent);
}

cel::Value PairsToValue(const std::vector<std::pair<std::string, std::string>>& pairs,
                        cel::Arena& arena) {
  Value::Object object;
  for (const auto& [name, text] : pairs) object.emplace_back(name, text);
  return ValueFromTree(object, arena);
}

std::string TextOf(const std::vector<std::pair<std::string, std::string>>& pairs,
                   std::string_view name) {
  const auto found =
      std::ranges::find_if(pairs, [&](const auto& pair) { return pair.first == name; });
  return found == pairs.end() ? "" : found->second;
}

// Every metric that guards the strategy, once.
std::vector<std::string> MetricsOf(const manifests::Strategy& strategy) {
  std::vector<std::string> names;
  const auto add = [&](const std::vector<manifests::AnalysisTemplate>& templates) {
    for (const auto& analysis : templates)
      for (const auto& metric : analysis.metrics)
        if (std::ranges::find(names, metric.name) == names.end()) names.push_back(metric.name);
  };
  add(strategy.analysis);
  for (const manifests::Step& step : strategy.steps) add(step.analysis);
  return names;
}

}  // namespace

PlanVariables::PlanVariables(const MapPlan& plan, const JudgeContext& context)
    : sensitive_(plan.sensitive), secrets_(plan.secrets) {
  const manifests::DesiredMap* map = nullptr;
  if (context.desired != nullptr) {
    const auto found = context.desired->maps.find(plan.map);
    if (found != context.desired->maps.end()) map = found->second.get();
  }
  SetPlan(plan);
  Set(Variable::kDesired, Entries(map == nullptr ? nullptr : map->version.get(), access()));
  Set(Variable::kLive, Entries(context.live, access()));
  SetManifest(map, plan.map);
  SetMaps(context, map);
  SetCommit(plan, context);
  SetApprovals(context);
  SetRollout(plan.strategy);
  SetSurroundings(context);
}

PlanVariables::PlanVariables(const manifests::DesiredMap& map, const JudgeContext& context)
    : sensitive_(map.sensitive) {
  Set(Variable::kLive, Entries(context.live, access()));
  SetManifest(&map, map.name);
  SetMaps(context, &map);
  SetSurroundings(context);
}

cel::Value PlanVariables::Strings(const std::vector<std::string>& texts) {
  return ValueFromTree(Value::Array(texts.begin(), texts.end()), arena_);
}

cel::Value PlanVariables::Entries(const mapcore::MapVersion* version, const ValueAccess& access) {
  return cel::Value::OfMap(arena_.New<EntriesMap>(version, access));
}

void PlanVariables::SetPlan(const MapPlan& plan) {
  const auto changed = static_cast<std::int64_t>(plan.changes.changes.size());
  const auto total = std::max<std::int64_t>(plan.size_before, 1);
  const ChangeList* changes = arena_.New<ChangeList>(plan.changes, plan.map, access());
  Set(Variable::kPlan, ObjectBuilder(arena_)
                           .Add("map", plan.map)
                           .Add("digest", plan.id.ToString())
                           .Add("adds", cel::Value::Int(plan.changes.created))
                           .Add("updates", cel::Value::Int(plan.changes.updated))
                           .Add("deletes", cel::Value::Int(plan.changes.deleted))
                           .Add("changed", cel::Value::Int(changed))
                           .Add("total", cel::Value::Int(plan.size_before))
                           .Add("after", cel::Value::Int(plan.size_after))
                           .Add("percent", cel::Value::Double(100.0 * static_cast<double>(changed) /
                                                              static_cast<double>(total)))
                           .Add("first", cel::Value::Bool(!plan.base))
                           .Add("changes", cel::Value::OfList(changes))
                           .Finish());
}

void PlanVariables::SetCommit(const MapPlan& plan, const JudgeContext& context) {
  Set(Variable::kCommit,
      ObjectBuilder(arena_)
          .Add("id", plan.revision.commit)
          .Add("author", plan.revision.author)
          .Add("signers", Strings(context.commit.signers))
          .Add("message", plan.revision.subject)
          .Add("time", TimeValue(plan.revision.time))
          .Add("paths", Strings(context.commit.paths))
          .Add("descendsFromLive", cel::Value::Bool(context.commit.descends_from_live))
          .Finish());
}

void PlanVariables::SetApprovals(const JudgeContext& context) {
  const std::size_t count = context.approvals.size();
  cel::Value* const items = arena_.NewArray<cel::Value>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ApprovalFacts& approval = context.approvals[i];
    items[i] = ObjectBuilder(arena_)
                   .Add("by", approval.by)
                   .Add("plan", approval.plan)
                   .Add("groups", Strings(approval.groups))
                   .Add("at", TimeValue(approval.at))
                   .Finish();
  }
  Set(Variable::kApprovals, cel::Value::OfList(arena_.New<cel::ValueList>(items, count)));
}

void PlanVariables::SetRollout(const manifests::Strategy& strategy) {
  cel::Value* const steps = arena_.NewArray<cel::Value>(strategy.steps.size());
  for (std::size_t i = 0; i < strategy.steps.size(); ++i)
    steps[i] = ObjectBuilder(arena_)
                   .Add("weight", WeightValue(strategy.steps[i].weight))
                   .Add("regions", Strings({}))
                   .Add("pause", cel::Value::Duration(SplitTime(strategy.steps[i].soak)))
                   .Finish();
  const bool canary = !strategy.steps.empty() && strategy.steps[0].weight < mapcore::kWeightMax;
  Set(Variable::kRollout, ObjectBuilder(arena_)
                              .Add("strategy", canary ? "canary" : "immediate")
                              .Add("steps", cel::Value::OfList(arena_.New<cel::ValueList>(
                                                steps, strategy.steps.size())))
                              .Add("metrics", Strings(MetricsOf(strategy)))
                              .Add("onFailure", "rollback")
                              .Finish());
}

void PlanVariables::SetManifest(const manifests::DesiredMap* map, const std::string& name) {
  static const manifests::DesiredMap kNone;
  const manifests::DesiredMap& manifest = map == nullptr ? kNone : *map;
  const Value attributes =
      manifest.attributes.is_object() ? manifest.attributes : Value(Value::Object{});
  const auto list = [&](std::string_view key) {
    const Value* found = attributes.Find(key);
    const bool usable = found != nullptr && found->is_array();
    return ValueFromTree(usable ? *found : Value(Value::Array{}), arena_);
  };
  Set(Variable::kManifest, ObjectBuilder(arena_)
                               .Add("name", name)
                               .Add("labels", PairsToValue(manifest.labels, arena_))
                               .Add("annotations", PairsToValue(manifest.annotations, arena_))
                               .Add("owner", TextOf(manifest.annotations, "owner"))
                               .Add("license", attributes.StringOr("license", ""))
                               .Add("dependencies", list("dependencies"))
                               .Add("columns", list("columns"))
                               .Add("roles", list("roles"))
                               .Add("attributes", ValueFromTree(attributes, arena_))
                               .Finish());
}

void PlanVariables::SetMaps(const JudgeContext& context, const manifests::DesiredMap* map) {
  std::vector<cel::MapEntry> entries;
  const auto sensitive_of = [&](const manifests::DesiredMap& item) {
    const auto more = context.masked.find(item.name);
    if (more == context.masked.end()) return &item.sensitive;
    std::vector<std::string>& globs = masked_[item.name];
    globs = item.sensitive;
    manifests::AddSensitive(globs, more->second);
    return static_cast<const std::vector<std::string>*>(&globs);
  };
  const auto add = [&](const manifests::DesiredMap& item) {
    const bool own = map != nullptr && item.name == map->name;
    const ValueAccess read = own ? access() : ValueAccess{sensitive_of(item), &disclosure_};
    entries.push_back(
        {cel::Value::String(arena_.Copy(item.name)), Entries(item.version.get(), read)});
  };
  if (context.desired != nullptr)
    for (const auto& [name, item] : context.desired->maps) add(*item);
  else if (map != nullptr)
    add(*map);
  cel::MapEntry* const kept = arena_.NewArray<cel::MapEntry>(entries.size());
  std::ranges::copy(entries, kept);
  Set(Variable::kMaps, cel::Value::OfMap(cel::SortedMap(kept, entries.size(), arena_)));
}

void PlanVariables::SetSurroundings(const JudgeContext& context) {
  Set(Variable::kTarget, ObjectBuilder(arena_)
                             .Add("name", context.target.name)
                             .Add("tier", context.target.tier)
                             .Add("regions", Strings(context.target.regions))
                             .Finish());
  Set(Variable::kNow, TimeValue(context.now));
  Set(Variable::kActor, ObjectBuilder(arena_)
                            .Add("name", context.actor.name)
                            .Add("kind", context.actor.kind)
                            .Add("groups", Strings(context.actor.groups))
                            .Add("source", context.actor.source)
                            .Finish());
  Set(Variable::kDrift, ObjectBuilder(arena_)
                            .Add("total", cel::Value::Int(context.drift.total))
                            .Add("drifted", cel::Value::Int(context.drift.drifted))
                            .Finish());
}

VariableTable TableFromTree(const Value& variables, cel::Arena& arena) {
  VariableTable table;
  for (std::size_t i = 0; i < kVariableCount; ++i) {
    const Value* tree = variables.Find(kVariableNames[i]);
    if (tree == nullptr) continue;
    const auto variable = static_cast<Variable>(i);
    if (variable == Variable::kNow && tree->is_string()) {
      const auto time = cel::ParseTimestamp(tree->as_string());
      table[i] = time ? cel::Value::Timestamp(*time) : cel::MakeError(arena, "`now` is no time");
      continue;
    }
    table[i] = ValueFromTree(*tree, arena,
                             variable == Variable::kCommit      ? "time"
                             : variable == Variable::kApprovals ? "at"
                                                                : "");
  }
  return table;
}

}  // namespace portolan::reconciler
