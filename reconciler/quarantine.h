#pragma once

#include <string>
#include <vector>

#include "mapcore/map_version.h"
#include "reconciler/diff.h"

namespace portolan::reconciler {

// How much of a quarantined change a new desired version still makes.
enum class QuarantineHold {
  kNone,  // nothing of it: rolls out as usual
  kSome,  // a part: starts from the first step, with a warning
  kAll,   // everything: Held until `retry`
};

struct QuarantineMatch {
  QuarantineHold hold = QuarantineHold::kNone;
  std::vector<std::string>
      keys;  // of the quarantined pairs that `desired` still holds, in byte order
};

// `quarantined` is the change from the quarantined version's base to that version. A pair (key,
// value) is held when `desired` has the key with that value; a deletion when `desired` does not
// have the key. An empty change quarantines nothing. Pure; O(changes).
QuarantineMatch MatchQuarantine(const ChangeSet& quarantined, const mapcore::MapVersion& desired);

}  // namespace portolan::reconciler
