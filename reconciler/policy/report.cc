#include "reconciler/policy/report.h"

#include <algorithm>

namespace portolan::reconciler {

using manifests::PolicyLevel;

std::string_view OutcomeName(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

bool Verdict::blocks() const {
  return (outcome == Outcome::kDeny || outcome == Outcome::kError) && level >= PolicyLevel::kSoft;
}

bool PolicyReport::blocked() const {
  return std::ranges::any_of(verdicts, &Verdict::blocks);
}

bool PolicyReport::hard() const {
  return std::ranges::any_of(verdicts, [](const Verdict& verdict) {
    return verdict.blocks() && verdict.level == PolicyLevel::kHard;
  });
}

const Verdict* PolicyReport::Find(std::string_view policy) const {
  const auto found = std::ranges::find(verdicts, policy, &Verdict::policy);
  return found == verdicts.end() ? nullptr : &*found;
}

}  // namespace portolan::reconciler
