#include <gtest/gtest.h>

#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

class SourceEvidenceTest : public testing::Test {
 protected:
  SourceEvidenceTest() { edge.Push('a', Files()); }
  static FileTexts Files() {
    FileTexts files = MapsOf({{"limits", "{a: 1}"}});
    files["p.yaml"] =
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: o}\n"
        "spec: {scope: plan, level: soft, rule: plan.first}\n";
    return files;
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
};

TEST_F(SourceEvidenceTest, APlanIsStoredWithWhatItsDigestIsOfAndWhatItWasJudgedIn) {
  const auto plan = world.rollouts.Find("limits")->target->plan;
  const auto record = world.store.Get("plan/" + plan.ToString());
  ASSERT_TRUE(record.ok());
  const auto value = manifests::ParseJson(record->body).value();
  EXPECT_EQ(Sha256Of(value.StringOr("identity", "")), plan);
  EXPECT_EQ(value.StringOr("source", ""), "edge");
  EXPECT_EQ(value.StringOr("policiesCommit", ""), ScriptedGit::Name('a'));
  ASSERT_NE(value.Find("judgedIn"), nullptr);
  EXPECT_EQ(value.Find("judgedIn")->StringOr("at", ""), FormatTime(world.clock.now().wall));
  EXPECT_EQ(value.Find("judgedIn")->Find("target")->StringOr("name", ""), "test");
}

TEST_F(SourceEvidenceTest, FilesOfACommitAreReadOnTheSourcesThread) {
  auto read = edge.source.ReadFiles(ScriptedGit::Name('a'));
  EXPECT_EQ(read.wait_for(Duration(0)), std::future_status::timeout);
  edge.Look();
  EXPECT_EQ(read.get().value(), Files());
  edge.git.FailOpens({ErrorCode::kCorrupt, "CorruptMirror: gone"});
  auto failed = edge.source.ReadFiles(ScriptedGit::Name('a'));
  edge.Look();
  EXPECT_EQ(failed.get().error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace portolan::controller
