#include "manifests/artifact.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

TEST(Revision, IsBranchAndCommitInFull) {
  Revision revision;
  EXPECT_EQ(revision.ToString(), "(working tree)");
  revision.branch = "main";
  revision.commit = std::string(40, 'f');
  EXPECT_EQ(revision.ToString(), "main@sha1:" + std::string(40, 'f'));
}

}  // namespace
}  // namespace portolan::manifests
