#include "controller/reconcile/policy_plan.h"

#include "controller/reconcile/approvals.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Value Strings(const std::vector<std::string>& strings) {
  return Value::Array(strings.begin(), strings.end());
}

Result<std::optional<WallTime>> TimeAt(const Value& value, std::string_view key) {
  const Value* text = value.Find(key);
  if (text == nullptr || !text->is_string()) return std::optional<WallTime>();
  PORTOLAN_TRY(const WallTime time, ParseTime(text->as_string()));
  return std::optional(time);
}

// Who asks for a rollback writes nothing and has a part in it all the same.
Status CheckAsker(const PolicyPlan& plan, std::string_view actor, const People& people,
                  WallTime now) {
  if (!plan.rollback || !people.told_apart()) return {};
  const auto approver = people.OfActor(actor, now);
  const auto asker = people.OfIdentity(plan.rollback->by, now);
  if (approver && asker && approver->name != asker->name) return {};
  return Error{ErrorCode::kDenied, plan.rollback->by + " asked for the rollback" +
                                       (asker ? "" : " and is nobody whom the tokens file knows") +
                                       "; somebody else must approve it"};
}

Value RollbackToValue(const PolicyPlan::Rollback& rollback) {
  return Value::Object{{"leaves", rollback.leaves.ToString()},
                       {"set", rollback.set.ToString()},
                       {"by", rollback.by},
                       {"reason", rollback.reason}};
}

Result<std::optional<PolicyPlan::Rollback>> RollbackFrom(const Value& plan) {
  const Value* value = plan.Find("rollback");
  if (value == nullptr) return std::optional<PolicyPlan::Rollback>();
  PolicyPlan::Rollback rollback;
  PORTOLAN_TRY(rollback.leaves, Digest::Parse(value->StringOr("leaves", "")));
  PORTOLAN_TRY(rollback.set, Digest::Parse(value->StringOr("set", "")));
  rollback.by = value->StringOr("by", "");
  rollback.reason = value->StringOr("reason", "");
  return std::optional(std::move(rollback));
}

}  // namespace

std::string JoinedChanges(const PolicyPlan& plan) {
  std::string joined;
  for (const std::string& change : plan.changes) joined += (joined.empty() ? "" : "; ") + change;
  return joined;
}

Status CheckPolicyApproval(const PolicyPlan& plan, std::string_view actor, const People& people,
                           WallTime now) {
  PORTOLAN_CHECK(CheckApprover(people, actor, plan.writers, now));
  PORTOLAN_CHECK(CheckAsker(plan, actor, people, now));
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
  if (plan.rollback) value.Set("rollback", RollbackToValue(*plan.rollback));
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
  plan.owners = value.StringsAt("owners");
  plan.changes = value.StringsAt("changes");
  plan.loosens = value.BoolOr("loosens", true);
  PORTOLAN_TRY(plan.rollback, RollbackFrom(value));
  plan.approved_by = value.StringOr("approvedBy", "");
  plan.reason = value.StringOr("reason", "");
  PORTOLAN_TRY(plan.approved_at, TimeAt(value, "approvedAt"));
  PORTOLAN_TRY(plan.effective, TimeAt(value, "effectiveAt"));
  return plan;
}

}  // namespace portolan::controller
