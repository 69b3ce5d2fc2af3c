#pragma once

#include <string>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/fast_paths.h"

namespace portolan::controller {

// One thing that doctor looked at.
struct Check {
  std::string name;  // "state directory"
  bool ok = false;
  std::string message;  // what was found and, when not ok, what to do
};

// The daemon's state directory: there, owned by this user, writable, and closed to others (it holds
// tokens' hashes).
Check CheckStateDirectory(const std::string& directory);
// The bundle of certificate authorities that HTTPS remotes are checked against: $SSL_CERT_FILE, or
// the system's.
Check CheckCaFile(const std::string& ssl_cert_file);
// That the clock shows a time in which this program can exist.
Check CheckClock(WallTime now);
// That the daemon's start lies in the past, as its and this clock say (5 s of difference are fine).
Check CheckClockAgainst(WallTime now, const std::string& daemon_started_at);

// What of the machine makes maps fast, and what is missing and why. Only a circuit that is open
// (a wrong result) is a failure: without the others everything works, slower.
Check CheckFastPaths(const std::vector<mapcore::FastPathState>& states);

}  // namespace portolan::controller
