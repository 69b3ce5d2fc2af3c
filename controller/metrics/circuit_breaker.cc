#include "controller/metrics/circuit_breaker.h"

#include <algorithm>

// closed ─ failures_to_open in a row ─▶ open ─ open_for ─▶ half-open (one trial) ─ outcome ─▶
// closed or open. Half-open is no stored state: it is an open circuit whose time is up.

namespace portolan::controller {

bool CircuitBreaker::Admit(Duration mono) {
  if (!open_) return true;
  // A trial whose outcome never came counts as failed after trial_max; otherwise one lost call
  // would keep the circuit half-open for ever.
  const Duration wait = trial_ ? options_.trial_max : options_.open_for;
  if (mono - since_ < wait) return false;
  trial_ = true;
  since_ = mono;
  return true;
}

void CircuitBreaker::Record(bool success, Duration mono) {
  if (success) {
    failures_ = 0;
    open_ = trial_ = false;
    return;
  }
  // A call from before it opened says nothing new.
  if (open_ && !trial_) return;
  if (!open_ && ++failures_ < options_.failures_to_open) return;
  failures_ = 0;
  open_ = true;
  trial_ = false;
  since_ = mono;
}

CircuitBreaker::State CircuitBreaker::state(Duration mono) const {
  if (!open_) return State::kClosed;
  return trial_ || mono - since_ >= options_.open_for ? State::kHalfOpen : State::kOpen;
}

Duration CircuitBreaker::OpenFor(Duration mono) const {
  if (state(mono) != State::kOpen) return Duration(0);
  return std::max(Duration(0), options_.open_for - (mono - since_));
}

}  // namespace portolan::controller
