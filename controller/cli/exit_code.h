#pragma once

#include <span>
#include <string_view>

#include "mapcore/base/result.h"

namespace portolan::controller {

// How a run of the command line ended, for scripts. The numbers are a public promise (docs/cli.md).
enum class ExitCode {
  kOk = 0,
  kDifference = 1,       // a difference was found, a condition does not hold, a check failed
  kInputOutput = 2,      // a file or directory cannot be used; the daemon cannot start
  kInvalid = 3,          // manifests, configuration or a request's content are wrong
  kDenied = 4,           // policy, window, missing approval or right
  kNotFound = 5,         // the named thing does not exist
  kConflict = 6,         // the state moved on, or forbids this now
  kFailed = 7,           // the operation ran and failed, or ended rolled back
  kUnreachable = 8,      // no daemon answers
  kUnauthenticated = 9,  // no token, or one the daemon does not know
  kSignature = 10,       // a signature was refused
  kUsage = 64,           // bad command line (EX_USAGE of sysexits.h)
  kTimeout = 124,        // --timeout passed (as timeout(1))
  kInterrupted = 130,    // SIGINT (as shells say it)
};

// What an exit code means, as `portolan help exit-codes` prints it.
struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
};
std::span<const ExitCodeMeaning> ExitCodeMeanings();

// The one table from a failure to what a shell sees. HTTP answers become an ErrorCode first
// (controller/http/problem.h).
ExitCode ExitCodeOf(ErrorCode code);
// The code's name in JSON errors, CamelCase: "NotFound".
std::string_view ReasonOf(ErrorCode code);

}  // namespace portolan::controller
