#include "controller/daemon/serve.h"

#include <gtest/gtest.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

std::string ErrorsOf(const std::vector<std::string>& arguments, int expected) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunServe(arguments), expected);
  return testing::internal::GetCapturedStderr();
}

TEST(Serve, RefusesAnUnknownFlagAsABadCommandLine) {
  EXPECT_NE(ErrorsOf({"--rep", "x"}, 64).find("--repo"), std::string::npos)
      << "says what was meant";
}

TEST(Serve, WantsOneOfConfigAndRepo) {
  EXPECT_NE(ErrorsOf({}, 2).find("either --config FILE or --repo URL"), std::string::npos);
}

TEST(Serve, SaysWhatIsWrongWithItsConfiguration) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("portolan.yaml", "sourcess: []\n");
  EXPECT_NE(ErrorsOf({"--config", file}, 2).find("sourcess"), std::string::npos);
}

TEST(Serve, RefusesToLeaveThisMachineWithoutSayingSo) {
  EXPECT_NE(ErrorsOf({"--repo", "https://git.example.com/maps.git", "--listen", "0.0.0.0:7420"}, 2),
            "");
}

}  // namespace
}  // namespace portolan::controller
