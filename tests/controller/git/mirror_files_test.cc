#include "controller/git/mirror_files.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

TEST(MirrorLock, KeepsASecondWriterOutUntilTheFirstIsGone) {
  const TestDirectory directory;
  const std::string mirror = directory.Path("state/edge.git");
  {
    const auto first = MirrorLock::Acquire(mirror);
    ASSERT_TRUE(first.ok()) << first.error().message;
    const auto second = MirrorLock::Acquire(mirror);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  }
  EXPECT_TRUE(MirrorLock::Acquire(mirror).ok());
}

TEST(SweepMirror, RemovesLeftoversAndNothingElse) {
  const TestDirectory directory;
  const std::string mirror = directory.Path("edge.git");
  const std::string leftovers[] = {"/HEAD.lock", "/refs/portolan/src/edge.lock",
                                   "/objects/pack/pack_git2_x1", "/objects/ab/tmp_object_git2_x"};
  const std::string kept[] = {"/HEAD", "/refs/portolan/src/edge", "/objects/pack/pack-1.pack",
                              "/refs/portolan/src/lock"};
  for (const std::string& name : leftovers) WriteFile(mirror + name, "x");
  for (const std::string& name : kept) WriteFile(mirror + name, "x");
  WriteFile(mirror + ".new/HEAD", "x");
  SweepMirror(mirror);
  for (const std::string& name : leftovers) EXPECT_FALSE(fs::exists(mirror + name)) << name;
  for (const std::string& name : kept) EXPECT_TRUE(fs::exists(mirror + name)) << name;
  EXPECT_FALSE(fs::exists(mirror + ".new"));
}

TEST(CountPacks, CountsPacksAndNotTheirIndexes) {
  const TestDirectory directory;
  const std::string mirror = directory.Path("edge.git");
  EXPECT_EQ(CountPacks(mirror), 0);
  WriteFile(mirror + "/objects/pack/pack-1.pack", "x");
  WriteFile(mirror + "/objects/pack/pack-1.idx", "x");
  WriteFile(mirror + "/objects/pack/pack-2.pack", "x");
  EXPECT_EQ(CountPacks(mirror), 2);
}

TEST(SetMirrorAside, ReplacesTheMirrorThatWasSetAsideBefore) {
  const TestDirectory directory;
  const std::string mirror = directory.Path("edge.git");
  WriteFile(mirror + "/HEAD", "new");
  WriteFile(mirror + ".corrupt/HEAD", "old");
  ASSERT_TRUE(SetMirrorAside(mirror).ok());
  EXPECT_FALSE(fs::exists(mirror));
  EXPECT_EQ(ReadFile(mirror + ".corrupt/HEAD"), "new");
  EXPECT_TRUE(SetMirrorAside(mirror).ok()) << "there is nothing left to move";
}

TEST(ExchangeMirror, PutsTheFreshMirrorInPlaceAndRemovesTheOld) {
  const TestDirectory directory;
  const std::string mirror = directory.Path("edge.git");
  WriteFile(mirror + "/HEAD", "old");
  WriteFile(mirror + ".new/HEAD", "fresh");
  const auto exchanged = ExchangeMirror(mirror);
  ASSERT_TRUE(exchanged.ok()) << exchanged.error().message;
  EXPECT_EQ(ReadFile(mirror + "/HEAD"), "fresh");
  EXPECT_FALSE(fs::exists(mirror + ".new"));
}

TEST(ExchangeMirror, LeavesTheMirrorWhenThereIsNoFreshOne) {
  const TestDirectory directory;
  const std::string mirror = directory.Path("edge.git");
  WriteFile(mirror + "/HEAD", "old");
  EXPECT_FALSE(ExchangeMirror(mirror).ok());
  EXPECT_EQ(ReadFile(mirror + "/HEAD"), "old");
}

TEST(MirrorFileError, NamesTheReasonByErrno) {
  EXPECT_TRUE(MirrorFileError("write", ENOSPC).message.starts_with("StorageFull: write: "));
  EXPECT_EQ(MirrorFileError("write", EACCES).code, ErrorCode::kDenied);
  EXPECT_EQ(MirrorFileError("write", EMFILE).code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace portolan::controller
