#include "controller/cli/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(Doctor, WantsAStateDirectoryThatIsClosedToOthers) {
  std::string directory = testing::TempDir() + "/portolan-doctor-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  EXPECT_TRUE(CheckStateDirectory(directory).ok);
  ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
  EXPECT_FALSE(CheckStateDirectory(directory).ok);
  EXPECT_NE(CheckStateDirectory(directory).message.find("chmod 700"), std::string::npos);
  EXPECT_FALSE(CheckStateDirectory(directory + "/absent").ok);
  ::rmdir(directory.c_str());
}

TEST(Doctor, SeesAClockThatCannotBeRight) {
  EXPECT_FALSE(CheckClock(ParseTime("1970-01-01T00:00:10Z").value()).ok);
  const WallTime now = ParseTime("2026-11-21T12:00:00Z").value();
  EXPECT_TRUE(CheckClock(now).ok);
  EXPECT_TRUE(CheckClockAgainst(now, "2026-11-21T12:00:04Z").ok);
  EXPECT_FALSE(CheckClockAgainst(now, "2026-11-21T12:00:06Z").ok);
  EXPECT_FALSE(CheckClockAgainst(now, "").ok);
}

TEST(Doctor, NamesWhatMakesMapsFastAndFailsOnAWrongResultOnly) {
  using mapcore::FastPath;
  using Circuit = mapcore::FastPathState::Circuit;
  const Check slower = CheckFastPaths({{FastPath::kSimdProbe, Circuit::kFast, 1, 0, ""},
                                       {FastPath::kMemoryLock, Circuit::kPortable, 0, 1, "limit"}});
  EXPECT_TRUE(slower.ok);
  EXPECT_EQ(slower.message, "simd-probe fast, memory-lock portable (limit)");
  const Check wrong = CheckFastPaths({{FastPath::kSimdProbe, Circuit::kOpen, 0, 0, "wrong"}});
  EXPECT_FALSE(wrong.ok);
  EXPECT_EQ(wrong.message, "simd-probe open (wrong)");
}

}  // namespace
}  // namespace portolan::controller
