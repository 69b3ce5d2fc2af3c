#include "controller/reconcile/policy_plan.h"

#include "controller/reconcile/approvals.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Value Strings(const std::vector<std::string>& strings) {
  return Value::Array(strings.begin(), strings.end());
}

std::vector<std::string> StringsAt(const Value& value, std::string_view key) {
  std::vector<std::string> strings;
  if (const Value* list = value.Find(key); list != nullptr && list->is_array())
    for (const Value& item : list->as_array())
      if (item.is_string()) strings.push_back(item.as_string());
  return strings;
}

Result<std::optional<WallTime>> TimeAt(const Value& value, std::string_view key) {
  const Value* text = value.Find(key);
  if (text == nullptr || !text->is_string()) return std::optional<WallTime>();
  PORTOLAN_TRY(const WallTime time, ParseTime(text->as_string()));
  return std::optional(time);
}

}  // namespace

Status CheckPolicyApproval(const PolicyPlan& plan, std::string_view actor, const People& people,
                           WallTime now) {
  PORTOLAN_CHECK(CheckApprover(people, actor, plan.writers, now));
  if (plan.owners.empty() || !people.told_apart() || people.Is(actor, plan.owners, now)) return {};
  std::string owners;
  for (const std::string& owner : plan.owners) owners += (owners.empty() ? "" : ", ") + owner;
  return Error{ErrorCode::kDenied,
               "a change of policies needs an owner of policies, one of " + owners};
}

Value PolicyPlanToValue(const PolicyPlan& plan) {
  Value value = Value::Object{{"plan", plan.id.ToString()},
                              {"commit", plan.commit},
                              {"owners", Strings(plan.owners)},
                              {"changes", Strings(plan.changes)},
                              {"loosens", plan.loosens}};
  WriteWriters(plan.writers, value);
  if (!plan.approved()) return value;
  value.Set("approvedBy", plan.approved_by);
  value.Set("reason", plan.reason);
  value.Set("approvedAt", FormatTime(*plan.approved_at));
  if (plan.effective) value.Set("effectiveAt", FormatTime(*plan.effective));
  return value;
}

Result<PolicyPlan> PolicyPlanFromValue(const Value& value) {
  PolicyPlan plan;
  PORTOLAN_TRY(plan.id, Digest::Parse(value.StringOr("plan", "")));
  plan.commit = value.StringOr("commit", "");
  plan.writers = reconciler::WritersFrom(value);
  plan.owners = StringsAt(value, "owners");
  plan.changes = StringsAt(value, "changes");
  plan.loosens = value.BoolOr("loosens", true);
  plan.approved_by = value.StringOr("approvedBy", "");
  plan.reason = value.StringOr("reason", "");
  PORTOLAN_TRY(plan.approved_at, TimeAt(value, "approvedAt"));
  PORTOLAN_TRY(plan.effective, TimeAt(value, "effectiveAt"));
  return plan;
}

}  // namespace portolan::controller
