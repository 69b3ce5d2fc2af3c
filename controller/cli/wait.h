#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "controller/cli/verb_session.h"

namespace portolan::controller {

// What a MapStatus means to someone who waits.
enum class WaitVerdict { kNotYet, kMet, kFailed };
using WaitJudge = std::function<WaitVerdict(const manifests::Value& status)>;

// Met in one of the phases `done`, failed in one of `failed`.
WaitJudge WaitForPhase(std::vector<std::string> done, std::vector<std::string> failed);
// The judge of `wait --for`: a phase's name, phase=NAME, digest=DIGEST (stable is that digest; the
// first 8 digits are enough) or synced. All but phase=NAME fail when the map ends rolled back.
// Errors: kInvalid for anything else.
Result<WaitJudge> ParseWaitCondition(const std::string& text);

// The reading of a map's status in one line: "rate-limits: Stepping 2/3 at 20% (SoakRunning): soak
// 3m of 10m".
std::string StatusLine(const manifests::Value& status);

// Asks for the map's status once a second, beginning with `first` unless that is null, until the
// judge decides,
// --timeout (default 1h) passes or the user interrupts; prints a progress line whenever the status
// line changes. A daemon that is away is waited for. Leaves the last status in `first`. Returns
// kOk, kFailed, kTimeout, kInterrupted, kDifference for --timeout 0s, or the code of the daemon's
// error; all but kOk are already reported.
ExitCode WaitForMap(VerbSession& session, const std::string& map, const WaitJudge& judge,
                    manifests::Value& first);

}  // namespace portolan::controller
