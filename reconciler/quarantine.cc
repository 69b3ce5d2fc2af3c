#include "reconciler/quarantine.h"

// Compared by key and value, not by version or commit: a revert of the revert, or the same line in
// a larger commit, is the same mistake and has another digest. A fix changes the value, and is
// free at once.

namespace portolan::reconciler {

QuarantineMatch MatchQuarantine(const ChangeSet& quarantined, const mapcore::MapVersion& desired) {
  QuarantineMatch match;
  for (const KeyChange& change : quarantined.changes) {
    const auto value = desired.Find(change.key);
    const bool held = change.after ? value && *value == *change.after : !value;
    if (held) match.keys.push_back(change.key);
  }
  // Also for a quarantined version that changed nothing.
  if (match.keys.empty()) return match;
  match.hold = match.keys.size() == quarantined.changes.size() ? QuarantineHold::kAll
                                                               : QuarantineHold::kSome;
  return match;
}

}  // namespace portolan::reconciler
