#include "controller/git/libgit.h"

#include <gtest/gtest.h>

#include "manifests/utf8.h"

namespace portolan::controller {
namespace {

TEST(Printable, KeepsTextAndReplacesWhatATerminalOrJsonCannotTake) {
  EXPECT_EQ(Printable("main → prod"), "main → prod");
  EXPECT_EQ(Printable("a\nb\x1b[31m"), "a b [31m");
  EXPECT_EQ(Printable("caf\xE9"), "caf?");
}

TEST(Printable, BoundsItsLengthWithoutBreakingUtf8) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "→";
  const std::string shown = Printable(text);
  EXPECT_EQ(shown.size(), 1024u);
  EXPECT_GE(manifests::FindInvalidUtf8(shown), shown.size());
}

TEST(GitFailure, TellsTheMachinesTroubleFromDamage) {
  EXPECT_TRUE((GitFailure{-1, 2, "Too many open files"}).environmental());
  EXPECT_FALSE((GitFailure{-1, 5, "invalid code"}).environmental());
  EXPECT_TRUE((GitFailure{-3, 7, "config value 'safe.directory' was not found"}).foreign_owner());
  EXPECT_FALSE((GitFailure{-3, 7, "config value 'core.bare' was not found"}).foreign_owner());
}

}  // namespace
}  // namespace portolan::controller
