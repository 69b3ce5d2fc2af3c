#include "bench/await_phase.h"

#include <poll.h>

#include "bench/result.h"

namespace portolan::bench {

Status AwaitPhase(const demo::Workshop& workshop, const std::string& map, const std::string& phase,
                  Duration patience) {
  const Stopwatch watch;
  std::string seen;
  while (watch.Ms() < static_cast<double>(patience.count())) {
    const auto status = workshop.Call("GET", "/v1/maps/" + map + "/status");
    if (status.ok()) seen = status->StringOr("phase", "");
    if (seen == phase) return {};
    poll(nullptr, 0, 2);
  }
  return Error{ErrorCode::kTimeout, "map " + map + " is " + seen + ", not " + phase + ", after " +
                                        FormatDuration(patience)};
}

}  // namespace portolan::bench
