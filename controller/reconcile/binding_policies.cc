#include "controller/reconcile/binding_policies.h"

namespace portolan::controller {

BindingPolicies::BindingPolicies(std::string source, PolicyGate gate, Duration max_age)
    : source_(std::move(source)), max_age_(max_age), gate_(std::move(gate)) {
  gate_.DenyAll("no policies of policySource \"" + source_ + "\" were accepted yet");
}

void BindingPolicies::Publish(const PolicyGate& gate, const std::string& commit) {
  const std::scoped_lock lock(mutex_);
  if (gate.Identity() != gate_.Identity() || commit != commit_) ++generation_;
  gate_ = gate;
  commit_ = commit;
}

void BindingPolicies::Seen(WallTime now) {
  const std::scoped_lock lock(mutex_);
  if (old_ || !seen_at_) ++generation_;
  old_ = false;
  // A clock that was set back makes nothing younger or older than it is known to be.
  seen_at_ = now;
}

bool BindingPolicies::GrewOld(WallTime now) {
  const std::scoped_lock lock(mutex_);
  if (old_ || !seen_at_ || now - *seen_at_ <= max_age_) return false;
  old_ = true;
  ++generation_;
  return true;
}

void BindingPolicies::SetRestored() {
  const std::scoped_lock lock(mutex_);
  restored_ = true;
}

PolicyGate BindingPolicies::gate() const {
  const std::scoped_lock lock(mutex_);
  PolicyGate gate = gate_;
  const std::string held =
      ", which maxPolicyAge allows: no weight is raised and nothing new goes live until it can be "
      "read; rollback, abort and lock work";
  if (seen_at_)
    gate.DenyAfter(*seen_at_ + max_age_, "policySource \"" + source_ + "\" was last read at " +
                                             FormatTime(*seen_at_) + ", longer ago than the " +
                                             FormatDuration(max_age_) + held);
  return gate;
}

std::string BindingPolicies::commit() const {
  const std::scoped_lock lock(mutex_);
  return commit_;
}

std::optional<WallTime> BindingPolicies::seen_at() const {
  const std::scoped_lock lock(mutex_);
  return seen_at_;
}

bool BindingPolicies::restored() const {
  const std::scoped_lock lock(mutex_);
  return restored_;
}

std::uint64_t BindingPolicies::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

}  // namespace portolan::controller
