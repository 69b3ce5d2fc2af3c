#include "reconciler/rollout/race.h"

#include <algorithm>
#include <iterator>

namespace portolan::reconciler {
namespace {

constexpr Verb kRanks[] = {Verb::kLock,    Verb::kAbort, Verb::kRollback, Verb::kPause,
                           Verb::kPromote, Verb::kSkip,  Verb::kResume,   Verb::kRetry,
                           Verb::kUnlock,  Verb::kPrune, Verb::kApprove};

// Those that say stop: nothing that came with them moves the map again.
bool Stops(Verb verb) {
  return RankOf(verb) <= RankOf(Verb::kPause);
}

// Two people who want the next step want one step.
bool Advances(Verb verb) {
  return verb == Verb::kPromote || verb == Verb::kSkip;
}

// An approval is kept for later, and to stop once more harms nobody; but a second rollback would go
// back one version further than both meant.
bool MayFollow(Verb verb) {
  return verb == Verb::kApprove || verb == Verb::kPause || verb == Verb::kLock ||
         verb == Verb::kAbort;
}

}  // namespace

int RankOf(Verb verb) {
  return static_cast<int>(std::find(std::begin(kRanks), std::end(kRanks), verb) -
                          std::begin(kRanks));
}

std::optional<CommandOutcome> LostRace(const Command& winner, const Command& loser,
                                       const std::string& map) {
  const bool stopped = Stops(winner.verb) && !MayFollow(loser.verb);
  const bool twice = Advances(winner.verb) && Advances(loser.verb);
  if (!stopped && !twice) return std::nullopt;
  return CommandOutcome{
      false, std::string(VerbName(winner.verb)) + " by " + winner.actor +
                 " came at the same time and goes first; look at: portolan status " + map +
                 ", then ask again"};
}

}  // namespace portolan::reconciler
