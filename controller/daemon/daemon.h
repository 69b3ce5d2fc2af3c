#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/config/config.h"

namespace portolan::controller {

// A running controller: the composition root, which alone creates threads, opens the store and the
// listeners.
class Daemon {
 public:
  // Everything that was live is served again before this returns. `clock` outlives the daemon.
  // Errors: those of the store, of the tokens file, and of the listeners; nothing runs then.
  static Result<std::unique_ptr<Daemon>> Start(const DaemonConfig& config, const Clock& clock);
  ~Daemon();

  // Where it listens, for messages.
  std::vector<std::string> addresses() const;
  // Ends fetches, the listeners, then the loops. The journal lacks at most the last second of
  // evidence afterwards. False when a source was still busy after 3 s: the caller should end the
  // process, whose worker processes die with it.
  bool Stop();

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace portolan::controller
