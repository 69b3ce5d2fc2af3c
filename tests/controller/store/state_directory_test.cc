#include "controller/store/state_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <optional>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

TEST(StateDirectory, IsCreatedWithItsParentsForItsOwnerOnly) {
  const TemporaryDirectory root;
  const auto directory = StateDirectory::Open(root.File("a/b/state/"));
  ASSERT_TRUE(directory.ok()) << directory.error().message;
  EXPECT_EQ(directory->path(), root.File("a/b/state"));
  struct stat info;
  ASSERT_EQ(::stat(directory->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(StateDirectory, ASecondHolderIsRefusedUntilTheFirstIsGone) {
  const TemporaryDirectory root;
  std::optional<StateDirectory> first = StateDirectory::Open(root.path()).value();
  const auto second = StateDirectory::Open(root.path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find("in use by another Portolan process (pid " +
                                        std::to_string(::getpid()) + ")"),
            std::string::npos)
      << second.error().message;
  first.reset();
  EXPECT_TRUE(StateDirectory::Open(root.path()).ok());
}

TEST(StateDirectory, ASecondProcessIsRefused) {
  const TemporaryDirectory root;
  const auto first = StateDirectory::Open(root.path());
  ASSERT_TRUE(first.ok());
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = StateDirectory::Open(root.path());
    ::_exit(!second.ok() && second.error().code == ErrorCode::kConflict ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(StateDirectory, ThatOthersMayWriteToIsRefused) {
  const TemporaryDirectory root;
  ASSERT_EQ(::chmod(root.path().c_str(), 0777), 0);
  const auto directory = StateDirectory::Open(root.path());
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.error().code, ErrorCode::kInvalid);
  EXPECT_NE(directory.error().message.find("chmod 700"), std::string::npos);
}

TEST(StateDirectory, ThatIsAFileIsRefused) {
  const TemporaryDirectory root;
  const auto directory = StateDirectory::Open(root.Write("file", ""));
  ASSERT_FALSE(directory.ok());
  EXPECT_NE(directory.error().message.find("found a file"), std::string::npos);
}

}  // namespace
}  // namespace portolan::controller
