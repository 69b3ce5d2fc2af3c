#include "controller/reconcile/source_status.h"

namespace portolan::controller {

using manifests::Value;

std::pair<std::string, std::string> SplitReason(const Error& error) {
  const std::size_t colon = error.message.find(": ");
  if (colon == std::string::npos || error.message.find(' ') < colon)
    return {"FetchFailed", error.message};
  return {error.message.substr(0, colon), error.message.substr(colon + 2)};
}

namespace {

Value VerifiedCondition(const SourceStatus& status) {
  std::string names;
  for (const std::string& signer : status.signers) names += (names.empty() ? "" : ", ") + signer;
  const auto [reason, message] =
      status.unverified ? SplitReason(*status.unverified)
      : status.signers.empty()
          ? std::pair<std::string, std::string>("Unverified", "no allowed signer is known of it")
          : std::pair<std::string, std::string>("Verified", "signed by " + names);
  Value item;
  item.Set("type", "SourceVerified");
  item.Set("status", reason == "Verified");
  item.Set("reason", reason);
  item.Set("message", message);
  return item;
}

}  // namespace

Value SourceStatusToValue(const SourceStatus& status) {
  Value::Array conditions;
  const auto condition = [&](std::string_view type, bool is) {
    Value item;
    item.Set("type", type);
    item.Set("status", is);
    item.Set("reason", status.reason);
    item.Set("message", status.message);
    conditions.push_back(std::move(item));
  };
  condition("Ready", status.ready);
  condition("Reconciling", !status.ready && !status.stalled);
  condition("Stalled", status.stalled);
  if (status.verifies) conditions.push_back(VerifiedCondition(status));
  Value::Array diagnostics;
  for (const manifests::Diagnostic& diagnostic : status.diagnostics)
    diagnostics.emplace_back(FormatDiagnostic(diagnostic));
  Value::Array maps(status.maps.begin(), status.maps.end());
  Value value;
  value.Set("name", status.name);
  value.Set("url", status.url);
  value.Set("branch", status.branch);
  value.Set("path", status.path);
  value.Set("revision", status.revision);
  value.Set("observed", status.observed);
  value.Set("pending", status.pending);
  Value policies = Value::Object{
      {"commit", status.bound_to.empty() ? status.policies : status.bound_policies},
      {"pending", status.policy_plan ? PolicyPlanToValue(*status.policy_plan) : Value()}};
  if (!status.bound_to.empty()) policies.Set("source", status.bound_to);
  policies.Set("accepted", status.policy_history.ToValue());
  policies.Set("rolledBack", status.policies_left.has_value());
  if (status.policies_read) policies.Set("readAt", FormatTime(*status.policies_read));
  value.Set("policies", std::move(policies));
  value.Set("conditions", std::move(conditions));
  value.Set("lastFetchAt", status.last_fetch ? Value(FormatTime(*status.last_fetch)) : Value());
  value.Set("lastError", status.last_error);
  value.Set("rejected", std::move(diagnostics));
  value.Set("maps", std::move(maps));
  Value::Array violations;
  for (const auto& [key, violation] : status.audit)
    if (violation)
      violations.push_back(Value::Object{{"policy", key.first},
                                         {"map", key.second},
                                         {"level", violation->level},
                                         {"outcome", violation->error ? "error" : "deny"},
                                         {"message", violation->message}});
  value.Set("violations", std::move(violations));
  Value::Array regulated;
  for (const auto& [map, since] : status.regulated) regulated.emplace_back(map);
  value.Set("regulated", std::move(regulated));
  value.Set("signers", Value::Array(status.signers.begin(), status.signers.end()));
  return value;
}

Value SourceRecord(const SourceStatus& status) {
  Value value;
  value.Set("format", 1);
  value.Set("name", status.name);
  value.Set("followed", status.followed);
  value.Set("revision", status.revision);
  value.Set("pending", status.pending);
  if (!status.accepted.empty()) value.Set("accepted", status.accepted);
  if (!status.policies.empty()) value.Set("policies", status.policies);
  // Of a policySource alone: another source's is that one's.
  if (status.policies_read && status.bound_to.empty())
    value.Set("policiesRead", FormatTime(*status.policies_read));
  if (status.policy_plan) value.Set("policyPlan", PolicyPlanToValue(*status.policy_plan));
  if (!status.policy_history.sets().empty())
    value.Set("acceptedPolicies", status.policy_history.ToValue());
  if (status.policies_left) value.Set("policiesLeft", status.policies_left->ToString());
  Value::Object regulated;
  for (const auto& [map, since] : status.regulated) regulated.emplace_back(map, FormatTime(since));
  if (!regulated.empty()) value.Set("regulated", std::move(regulated));
  return value;
}

void RestoreSource(const Value& record, SourceStatus& status) {
  status.followed = record.StringOr("followed", "");
  status.revision = record.StringOr("revision", "");
  status.pending = record.StringOr("pending", "");
  status.accepted = record.StringOr("accepted", status.followed);
  status.policies = record.StringOr("policies", "");
  status.policies_read.reset();
  if (const auto read = ParseTime(record.StringOr("policiesRead", "")); read.ok())
    status.policies_read = *read;
  status.regulated.clear();
  if (const Value* maps = record.Find("regulated"); maps != nullptr && maps->is_object())
    for (const auto& [map, since] : maps->as_object()) {
      const auto time = ParseTime(since.is_string() ? since.as_string() : "");
      // Whatever became of the time: a map that was regulated is.
      status.regulated[map] = time.ok() ? *time : WallTime{};
    }
  status.policy_history = {};
  if (const Value* accepted = record.Find("acceptedPolicies"); accepted != nullptr)
    status.policy_history = PolicyHistory::FromValue(*accepted);
  status.policies_left.reset();
  if (const auto left = Digest::Parse(record.StringOr("policiesLeft", "")); left.ok())
    status.policies_left = *left;
  status.policy_plan.reset();
  const Value* plan = record.Find("policyPlan");
  if (plan == nullptr) return;
  // One that cannot be read is made anew, without its approval.
  if (auto read = PolicyPlanFromValue(*plan); read.ok()) status.policy_plan = *std::move(read);
}

}  // namespace portolan::controller
