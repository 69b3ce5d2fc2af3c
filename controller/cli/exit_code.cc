#include "controller/cli/exit_code.h"

#include <iterator>

namespace portolan::controller {
namespace {

constexpr ExitCodeMeaning kMeanings[] = {
    {ExitCode::kOk, "done, or no difference"},
    {ExitCode::kDifference,
     "difference found (diff), condition not met (wait --timeout 0s), check failed (doctor), "
     "a test of a policy failed; with plan --detailed-exitcode: an error"},
    {ExitCode::kInputOutput,
     "a file or directory cannot be used; with plan --detailed-exitcode: changes; with diff: an "
     "error"},
    {ExitCode::kInvalid, "manifests, configuration or a request's content are invalid"},
    {ExitCode::kDenied, "denied by a policy, a window, a missing approval or missing rights"},
    {ExitCode::kNotFound, "the named thing does not exist"},
    {ExitCode::kConflict, "the state moved on, or forbids this now"},
    {ExitCode::kFailed, "the operation ran and failed, or ended rolled back"},
    {ExitCode::kUnreachable, "no daemon answers"},
    {ExitCode::kUnauthenticated, "no token, or one that the daemon does not know"},
    {ExitCode::kSignature, "a signature was refused"},
    {ExitCode::kUsage, "bad command line"},
    {ExitCode::kTimeout, "--timeout passed"},
    {ExitCode::kInterrupted, "interrupted"},
};

struct FailureKind {
  ErrorCode code;
  std::string_view reason;
  ExitCode exit;
};
constexpr FailureKind kFailures[] = {
    {ErrorCode::kInvalid, "Invalid", ExitCode::kInvalid},
    {ErrorCode::kNotFound, "NotFound", ExitCode::kNotFound},
    {ErrorCode::kConflict, "Conflict", ExitCode::kConflict},
    {ErrorCode::kDenied, "Denied", ExitCode::kDenied},
    {ErrorCode::kUnauthenticated, "Unauthenticated", ExitCode::kUnauthenticated},
    {ErrorCode::kUnavailable, "Unavailable", ExitCode::kUnreachable},
    {ErrorCode::kTimeout, "Timeout", ExitCode::kTimeout},
    {ErrorCode::kExhausted, "Exhausted", ExitCode::kFailed},
    {ErrorCode::kCorrupt, "Corrupt", ExitCode::kFailed},
    {ErrorCode::kCancelled, "Cancelled", ExitCode::kInterrupted},
    {ErrorCode::kInternal, "Internal", ExitCode::kFailed},
};

const FailureKind& KindOf(ErrorCode code) {
  for (const FailureKind& kind : kFailures)
    if (kind.code == code) return kind;
  return kFailures[std::size(kFailures) - 1];
}

}  // namespace

std::span<const ExitCodeMeaning> ExitCodeMeanings() {
  return kMeanings;
}

ExitCode ExitCodeOf(ErrorCode code) {
  return KindOf(code).exit;
}

std::string_view ReasonOf(ErrorCode code) {
  return KindOf(code).reason;
}

}  // namespace portolan::controller
