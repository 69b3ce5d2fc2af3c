#include "controller/audit/rebuilt_plan.h"

#include "controller/audit/recorded_validators.h"
#include "manifests/entries.h"
#include "reconciler/policy/context_record.h"
#include "reconciler/policy/judge.h"
#include "reconciler/policy/report_json.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Error Wrong(const std::string& what) {
  return {ErrorCode::kCorrupt, what};
}

}  // namespace

Result<reconciler::MapPlan> RebuildPlan(const PlanParts& parts) {
  const std::string name(parts.record.StringOr("map", ""));
  const auto map = parts.desired.maps.find(name);
  if (map == parts.desired.maps.end())
    return Wrong("source/ does not declare the map \"" + name + "\" without errors");
  reconciler::MapPlan plan =
      reconciler::MakeMapPlan(parts.base, *map->second, parts.desired.revision, parts.environment);
  // Those of what was served then, which the commit took away.
  manifests::AddSensitive(plan.sensitive, parts.record.StringsAt("sensitive"));
  const std::string_view wanted = parts.record.StringOr("id", "");
  if (plan.id.ToString() != wanted)
    return Wrong("source/ makes the plan " + plan.id.ToString() + ", not " + std::string(wanted));
  return plan;
}

Result<mapcore::VersionPtr> TakeBack(const Value& record, const mapcore::MapVersion& after) {
  const Value* changes = record.Find("changes");
  const Value* counts = record.Find("counts");
  if (changes == nullptr || !changes->is_array() || counts == nullptr)
    return Wrong("the plan's record has no changes");
  const std::int64_t made =
      counts->IntOr("created", 0) + counts->IntOr("updated", 0) + counts->IntOr("deleted", 0);
  if (static_cast<std::int64_t>(changes->as_array().size()) != made)
    return Error{ErrorCode::kNotFound, "the record does not keep all of the plan's changes"};
  std::vector<mapcore::Change> back;
  for (const Value& change : changes->as_array()) {
    if (change.BoolOr("sensitive", false))
      return Error{ErrorCode::kNotFound, "the record does not keep sensitive values"};
    mapcore::Change taken{std::string(change.StringOr("key", "")), std::nullopt};
    if (const Value* before = change.Find("before"); before != nullptr)
      taken.value = manifests::CanonicalJson(*before);
    back.push_back(std::move(taken));
  }
  PORTOLAN_TRY(mapcore::VersionPtr before, after.Apply(back));
  if (before->digest().ToString() != record.StringOr("base", ""))
    return Wrong("the record's changes do not lead back to the version that it names");
  return before;
}

Result<JudgedAgain> JudgeAgain(const reconciler::CompiledSet& policies,
                               const reconciler::MapPlan& plan, const PlanParts& parts) {
  const Value* stored = parts.record.Find("policies");
  const Value* judged_in = parts.record.Find("judgedIn");
  if (stored == nullptr || judged_in == nullptr) return Wrong("plan.json has no verdicts");
  PORTOLAN_TRY(const auto report, reconciler::ReportFromValue(*stored));
  PORTOLAN_TRY(auto judged, reconciler::JudgedInFromValue(*judged_in));
  judged.context.desired = &parts.desired;
  judged.context.live = parts.base;
  RecordedValidators recorded(report);
  JudgedAgain again;
  again.made = reconciler::Judge(policies, plan, judged.context, {&recorded, judged.overrides, {}});
  again.recorded = recorded.asked();
  return again;
}

}  // namespace portolan::controller
