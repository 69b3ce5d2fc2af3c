#include "reconciler/policy/secrets.h"

#include "reconciler/policy/lazy_views.h"

namespace portolan::reconciler {
namespace {

constexpr char kName[] = "no-secret-in-clear";

// What a rule is asked with: the change and the policy's own params.
bool AboutTheChangeAlone(const CompiledPolicy& policy) {
  for (std::size_t i = 0; i < kVariableCount; ++i) {
    const auto variable = static_cast<Variable>(i);
    if (policy.names[i] && variable != Variable::kChange && variable != Variable::kParams)
      return false;
  }
  return policy.rule && policy.manifest->scope == manifests::PolicyScope::kChange;
}

class SecretFinder {
 public:
  explicit SecretFinder(const CompiledSet* policies) {
    Add(FloorSet()->Find(kName));
    if (policies != nullptr && policies->Find(kName) != nullptr) Add(policies->Find(kName));
  }

  bool Finds(const MapPlan& plan, const KeyChange& change) {
    return Denied(plan, change.key, change.before) || Denied(plan, change.key, change.after);
  }

 private:
  void Add(const CompiledPolicy* policy) {
    if (AboutTheChangeAlone(*policy)) judges_.push_back(policy);
  }

  // Whether any judge denies setting the key to the value. An error is no permission to print.
  bool Denied(const MapPlan& plan, const std::string& key,
              const std::optional<std::string>& value) {
    if (!value || value->find('"') == std::string::npos) return false;
    const KeyChange set{key, Action::kCreated, std::nullopt, value};
    const std::vector<std::string> nothing_sensitive;
    Disclosure disclosure;
    for (const CompiledPolicy* judge : judges_) {
      arena_.Reset();
      const ChangeMap view(set, plan.map, {&nothing_sensitive, &disclosure}, arena_);
      table_[static_cast<std::size_t>(Variable::kChange)] = cel::Value::OfMap(&view);
      if (RunRule(*judge, table_, arena_).answer != RuleAnswer::kAllow) return true;
    }
    return false;
  }

  std::vector<const CompiledPolicy*> judges_;
  VariableTable table_;
  cel::Arena arena_;
};

}  // namespace

void MarkSecrets(const CompiledSet* policies, MapPlan& plan) {
  SecretFinder finder(policies);
  plan.secrets.clear();
  for (const KeyChange& change : plan.changes.changes)
    if (finder.Finds(plan, change)) plan.secrets.push_back(change.key);
}

}  // namespace portolan::reconciler
