#include "controller/store/system_error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace portolan::controller {
namespace {

TEST(SystemError, SaysWhatFailedAndWhatKindItIs) {
  EXPECT_EQ(SystemError("write x", ENOSPC).message, "write x: No space left on device");
  EXPECT_EQ(SystemError("write x", ENOSPC).code, ErrorCode::kExhausted);
  EXPECT_EQ(SystemError("write x", EDQUOT).code, ErrorCode::kExhausted);
  EXPECT_EQ(SystemError("open x", ENOENT).code, ErrorCode::kNotFound);
  EXPECT_EQ(SystemError("read x", EIO).code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace portolan::controller
