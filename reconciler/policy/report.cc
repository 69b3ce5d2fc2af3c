#include "reconciler/policy/report.h"

#include <algorithm>

namespace portolan::reconciler {

using manifests::PolicyLevel;

std::string_view OutcomeName(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

bool PolicyVerdict::blocks() const {
  return (outcome == Outcome::kDeny || outcome == Outcome::kError) && level >= PolicyLevel::kSoft;
}

bool PolicyReport::blocked() const {
  return std::ranges::any_of(verdicts, &PolicyVerdict::blocks);
}

bool PolicyReport::hard() const {
  return std::ranges::any_of(verdicts, [](const PolicyVerdict& verdict) {
    return verdict.blocks() && verdict.level == PolicyLevel::kHard;
  });
}

const PolicyVerdict* PolicyReport::Find(std::string_view policy) const {
  const auto found = std::ranges::find(verdicts, policy, &PolicyVerdict::policy);
  return found == verdicts.end() ? nullptr : &*found;
}

}  // namespace portolan::reconciler
