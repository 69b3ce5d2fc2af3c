#include "reconciler/quarantine.h"

namespace portolan::reconciler {

QuarantineMatch MatchQuarantine(const ChangeSet& quarantined, const mapcore::MapVersion& desired) {
  QuarantineMatch match;
  for (const KeyChange& change : quarantined.changes) {
    const auto value = desired.Find(change.key);
    const bool held = change.after ? value && *value == *change.after : !value;
    if (held) match.keys.push_back(change.key);
  }
  if (match.keys.empty()) return match;
  match.hold = match.keys.size() == quarantined.changes.size() ? QuarantineHold::kAll
                                                               : QuarantineHold::kSome;
  return match;
}

}  // namespace portolan::reconciler
