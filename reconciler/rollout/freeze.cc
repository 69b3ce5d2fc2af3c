// What freeze windows do to a rollout: it waits before its start and between its steps, and goes on
// by itself when they are over. What goes to safety never waits.
#include "reconciler/rollout/turn.h"

namespace portolan::reconciler {

std::string FreezeText(const Freeze& freeze) {
  return "freeze \"" + freeze.window + "\" until " + FormatTime(freeze.until) +
         "; goes on by itself then";
}

void MindFreeze(Turn& turn) {
  Rollout& r = turn.state();
  const std::optional<Freeze>& freeze = turn.seen.freeze;
  const bool waits = r.reason == reason::kWindowClosed;
  r.frozen_until.reset();
  if (waits && freeze) r.frozen_until = freeze->until;
  if (waits && !freeze && r.phase == Phase::kHeld && r.target) {
    turn.Say("Normal", "WindowOpened", "the freeze is over");
    const Target held = *r.target;
    return turn.Consider(held);
  }
  if (waits && !freeze && (r.phase == Phase::kPaused || r.phase == Phase::kShadow)) {
    turn.Say("Normal", "WindowOpened", "the freeze is over");
    return turn.GoOn();
  }
  if (r.phase != Phase::kStepping || !freeze) return;
  turn.Say("Warning", "Paused", FreezeText(*freeze));
  turn.Enter(Phase::kPaused, reason::kWindowClosed, FreezeText(*freeze));
  r.frozen_until = freeze->until;
}

}  // namespace portolan::reconciler
