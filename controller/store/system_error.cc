#include "controller/store/system_error.h"

#include <cerrno>
#include <system_error>

namespace portolan::controller {

Error SystemError(const std::string& action, int error_number) {
  const std::string message = action + ": " + std::generic_category().message(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    // RLIMIT_FSIZE, or the file system's limit: room is missing, as on a full disk.
    case EFBIG:
    case ENOMEM:
      return {ErrorCode::kExhausted, message};
    case ENOENT:
      return {ErrorCode::kNotFound, message};
    default:
      return {ErrorCode::kUnavailable, message};
  }
}

}  // namespace portolan::controller
