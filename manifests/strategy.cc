#include "manifests/strategy.h"

#include <algorithm>
#include <array>

#include "manifests/analysis_template.h"
#include "manifests/record.h"
#include "manifests/strategy_manifest.h"

// The strategy as records keep it. It is frozen into a rollout when that starts, and is part of a
// plan's digest: reading must accept what any earlier version wrote, and writing must not change
// the bytes of what had no new field.

namespace portolan::manifests {
namespace {

Value TemplatesToValue(const std::vector<AnalysisTemplate>& templates) {
  Value::Array items;
  for (const AnalysisTemplate& analysis : templates) items.push_back(TemplateToValue(analysis));
  return items;
}

Result<std::vector<AnalysisTemplate>> TemplatesFromValue(const Value::Array& items) {
  std::vector<AnalysisTemplate> templates;
  for (const Value& item : items) {
    PORTOLAN_TRY(auto analysis, TemplateFromValue(item));
    templates.push_back(std::move(analysis));
  }
  return templates;
}

// Step relies on it (no subject flaps, the last step is everyone), so it is checked again where a
// record enters.
bool RisesToAll(const std::vector<Step>& steps) {
  std::uint32_t last = 0;
  for (const Step& step : steps) {
    if (step.weight <= last) return false;
    last = step.weight;
  }
  return last == mapcore::kWeightMax;
}

Value StepToValue(const Step& step) {
  Value::Object object{{"weight", std::int64_t{step.weight}}, {"soakMs", step.soak.count()}};
  if (step.pause) {
    Value::Object pause;
    if (step.pause->duration) pause.emplace_back("durationMs", step.pause->duration->count());
    pause.emplace_back("deadlineMs", step.pause->deadline.count());
    pause.emplace_back("onDeadline",
                       kOnDeadlineNames[static_cast<std::size_t>(step.pause->on_deadline)]);
    object.emplace_back("pause", std::move(pause));
  }
  object.emplace_back("analysis", TemplatesToValue(step.analysis));
  return object;
}

Result<Pause> PauseFromValue(const Value& value) {
  Pause pause;
  RecordReader reader(value, "pause");
  if (value.Find("durationMs") != nullptr) {
    pause.duration = Duration(0);
    reader.Read("durationMs", *pause.duration);
  }
  reader.Read("deadlineMs", pause.deadline);
  reader.ReadEnum("onDeadline", kOnDeadlineNames, pause.on_deadline);
  PORTOLAN_CHECK(reader.status());
  return pause;
}

Result<Step> StepFromValue(const Value& value) {
  Step step;
  RecordReader reader(value, "step");
  std::int64_t weight = 0;
  reader.Read("weight", weight);
  if (weight < 0 || weight > mapcore::kWeightMax) reader.Fail("weight");
  step.weight = static_cast<std::uint32_t>(weight);
  reader.Read("soakMs", step.soak);
  if (const Value* pause = value.Find("pause")) {
    PORTOLAN_TRY(step.pause, PauseFromValue(*pause));
  }
  PORTOLAN_TRY(step.analysis, TemplatesFromValue(reader.Items("analysis")));
  PORTOLAN_CHECK(reader.status());
  return step;
}

Value MatchToValue(const mapcore::MatchRule& rule) {
  if (rule.attribute.empty()) return Value::Object{{"subject", rule.subject}};
  Value::Array in(rule.in.begin(), rule.in.end());
  return Value::Object{{"attribute", rule.attribute}, {"in", std::move(in)}};
}

Result<mapcore::MatchRule> MatchFromValue(const Value& value) {
  mapcore::MatchRule rule;
  RecordReader reader(value, "match rule");
  reader.Read("subject", rule.subject);
  reader.Read("attribute", rule.attribute);
  for (const Value& item : reader.Items("in")) {
    if (!item.is_string()) {
      reader.Fail("in");
      break;
    }
    rule.in.push_back(item.as_string());
  }
  PORTOLAN_CHECK(reader.status());
  return rule;
}

Status ReadScalars(RecordReader& reader, Strategy& strategy) {
  reader.Read("name", strategy.name);
  reader.Read("minLookups", strategy.min_lookups);
  reader.ReadEnum("onNoData", kOnNoDataNames, strategy.on_no_data);
  reader.Read("earlyAdvance", strategy.early_advance);
  reader.Read("bakeMs", strategy.bake);
  reader.Read("progressDeadlineMs", strategy.progress_deadline);
  reader.ReadEnum("onNewRevision", kOnNewRevisionNames, strategy.on_new_revision);
  reader.Read("rollbackWindowVersions", strategy.rollback_window_versions);
  reader.Read("rollbackWindowAgeMs", strategy.rollback_window_age);
  reader.Read("convergeTimeoutMs", strategy.converge.timeout);
  // Absent is not the same as any share.
  double share = -1;
  reader.Read("convergeShare", share);
  if (share >= 0) strategy.converge.share = share;
  return reader.status();
}

// A record may hold anything; a strategy that nobody checked would be rolled out.
void ReadHoldback(const Value& value, RecordReader& reader, Strategy& strategy) {
  const std::int64_t holdback = value.IntOr("holdback", 0);
  if (holdback < 0 || holdback > LargestHoldback(strategy.steps)) return reader.Fail("holdback");
  strategy.holdback = static_cast<std::uint32_t>(holdback);
}

}  // namespace

std::uint32_t LargestHoldback(const std::vector<Step>& steps) {
  std::uint32_t largest = kHoldbackMax;
  for (const Step& step : steps)
    if (step.weight < mapcore::kWeightMax)
      largest = std::min(largest, mapcore::kWeightMax - step.weight);
  return largest;
}

Strategy DefaultStrategy() {
  constexpr Duration kSoak = std::chrono::minutes(1);
  Strategy strategy;
  strategy.steps = {
      {.weight = 5'000, .soak = kSoak, .pause = {}, .analysis = {}},
      {.weight = 20'000, .soak = kSoak, .pause = {}, .analysis = {}},
      {.weight = mapcore::kWeightMax, .soak = Duration(0), .pause = {}, .analysis = {}}};
  return strategy;
}

std::optional<Strategy> BuiltInStrategy(std::string_view name) {
  if (name == "default") return DefaultStrategy();
  if (name != "fast") return std::nullopt;
  Strategy fast;
  fast.name = name;
  fast.steps = {{.weight = 1'000, .soak = std::chrono::seconds(10), .pause = {}, .analysis = {}},
                {.weight = mapcore::kWeightMax, .soak = Duration(0), .pause = {}, .analysis = {}}};
  fast.min_lookups = 0;
  fast.on_no_data = OnNoData::kAdvanceAfterSoak;
  // A switch that has to be thrown does not wait for an instance that hangs.
  fast.converge.share = 0;
  return fast;
}

Value StrategyToValue(const Strategy& strategy) {
  Value::Array steps;
  for (const Step& step : strategy.steps) steps.push_back(StepToValue(step));
  Value::Array match;
  for (const mapcore::MatchRule& rule : strategy.match) match.push_back(MatchToValue(rule));
  Value value = Value::Object{
      {"name", strategy.name},
      {"steps", std::move(steps)},
      {"analysis", TemplatesToValue(strategy.analysis)},
      {"minLookups", strategy.min_lookups},
      {"onNoData", kOnNoDataNames[static_cast<std::size_t>(strategy.on_no_data)]},
      {"bakeMs", strategy.bake.count()},
      {"progressDeadlineMs", strategy.progress_deadline.count()},
      {"onNewRevision", kOnNewRevisionNames[static_cast<std::size_t>(strategy.on_new_revision)]},
      {"match", std::move(match)},
      {"rollbackWindowVersions", strategy.rollback_window_versions},
      {"rollbackWindowAgeMs", strategy.rollback_window_age.count()}};
  // Written only when set: the value is part of a plan's digest, and plans from before the field
  // keep theirs.
  if (strategy.early_advance) value.Set("earlyAdvance", true);
  if (strategy.holdback != 0) value.Set("holdback", std::int64_t{strategy.holdback});
  if (strategy.converge.share) value.Set("convergeShare", *strategy.converge.share);
  if (strategy.converge.timeout != Converge{}.timeout)
    value.Set("convergeTimeoutMs", strategy.converge.timeout.count());
  if (strategy.shadow) value.Set("shadow", ShadowToValue(*strategy.shadow));
  return value;
}

Result<Strategy> StrategyFromValue(const Value& value) {
  Strategy strategy;
  RecordReader reader(value, "strategy");
  PORTOLAN_CHECK(ReadScalars(reader, strategy));
  // A strategy without steps would have nothing to enter.
  if (value.Find("steps") == nullptr) strategy.steps = DefaultStrategy().steps;
  for (const Value& item : reader.Items("steps")) {
    PORTOLAN_TRY(auto step, StepFromValue(item));
    strategy.steps.push_back(std::move(step));
  }
  if (!RisesToAll(strategy.steps)) reader.Fail("steps");
  ReadHoldback(value, reader, strategy);
  if (const Value* shadow = value.Find("shadow")) {
    PORTOLAN_TRY(strategy.shadow, ShadowFromValue(*shadow));
  }
  PORTOLAN_TRY(strategy.analysis, TemplatesFromValue(reader.Items("analysis")));
  for (const Value& item : reader.Items("match")) {
    PORTOLAN_TRY(auto rule, MatchFromValue(item));
    strategy.match.push_back(std::move(rule));
  }
  PORTOLAN_CHECK(reader.status());
  return strategy;
}

}  // namespace portolan::manifests
