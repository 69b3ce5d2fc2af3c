#pragma once

#include <optional>
#include <string>

#include "reconciler/rollout/step.h"

namespace portolan::reconciler {

// The order in which commands of one map run that came at the same time, first ones first: lock >
// abort > rollback > pause > promote, then those that go forward in another way. Total, so that the
// outcome does not depend on who came first by a hair.
int RankOf(Verb verb);

// The refusal of a command that came together with one that was accepted: a lock, an abort, a
// rollback or a pause that its sender had not seen, or a step forward when this is another. None
// when both may act (pause and approve, for example).
std::optional<CommandOutcome> LostRace(const Command& winner, const Command& loser,
                                       const std::string& map);

}  // namespace portolan::reconciler
