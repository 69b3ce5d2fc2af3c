#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "controller/reconcile/policy_gate.h"

namespace portolan::controller {

// The policies of the configuration's policySource, as the sources that it binds see them. The
// source that follows its repository writes, the others read. Thread-safe.
class BindingPolicies {
 public:
  // `gate` judges nothing yet: until something is published it denies every plan. When the policies
  // were not seen to be current for longer than `max_age`, every plan is denied until they are.
  BindingPolicies(std::string source, PolicyGate gate, Duration max_age);

  // What judges from now on, and the commit that it is of.
  void Publish(const PolicyGate& gate, const std::string& commit);
  // The newest commit of the repository is what was published, or waits as it should.
  void Seen(WallTime now);
  // Says once that the policies are too old now; true then.
  bool GrewOld(WallTime now);
  // What was in force before a restart is published, or never will be.
  void SetRestored();

  const std::string& source() const { return source_; }
  Duration max_age() const { return max_age_; }
  PolicyGate gate() const;
  std::string commit() const;
  std::optional<WallTime> seen_at() const;
  bool restored() const;
  // Another number: what was judged before may be judged otherwise now.
  std::uint64_t generation() const;

 private:
  const std::string source_;
  const Duration max_age_;
  mutable std::mutex mutex_;
  PolicyGate gate_;
  std::string commit_;
  std::optional<WallTime> seen_at_;
  bool old_ = false;
  bool restored_ = false;
  std::uint64_t generation_ = 1;
};

}  // namespace portolan::controller
