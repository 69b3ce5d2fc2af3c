#include "manifests/policy_set.h"

namespace portolan::manifests {

std::vector<Diagnostic> LongWaivers(const PolicySet& set, WallTime time) {
  std::vector<Diagnostic> errors;
  for (const auto& [name, waiver] : set.waivers) {
    if (waiver->until <= time + kWaiverMax) continue;
    Diagnostic error = ErrorAt(
        waiver->file, waiver->until_position,
        "a waiver ends at most 90 days after its commit, here by " + FormatTime(time + kWaiverMax));
    error.field = "spec.until";
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace portolan::manifests
