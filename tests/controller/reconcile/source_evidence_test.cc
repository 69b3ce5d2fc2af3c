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
  auto read = edge.source.ReadFiles({ScriptedGit::Name('a')}, 0);
  EXPECT_EQ(read.wait_for(Duration(0)), std::future_status::timeout);
  edge.Look();
  const CommitFiles found = read.get();
  FileTexts texts;
  for (const auto& [path, content] : found.trees.at(ScriptedGit::Name('a')))
    texts[path] = found.contents.at(content);
  EXPECT_EQ(texts, Files());
  edge.git.FailOpens({ErrorCode::kCorrupt, "CorruptMirror: gone"});
  auto failed = edge.source.ReadFiles({ScriptedGit::Name('a')}, 0);
  edge.Look();
  EXPECT_EQ(failed.get().unreadable.at(ScriptedGit::Name('a')).code, ErrorCode::kCorrupt);
}

TEST_F(SourceEvidenceTest, FilesThatCommitsShareAreReadOnceAndNoMoreThanWasAskedFor) {
  FileTexts changed = Files();
  changed["note.txt"] = "more";
  edge.Push('b', changed);
  const std::vector<std::string> both{ScriptedGit::Name('a'), ScriptedGit::Name('b')};
  auto all = edge.source.ReadFiles(both, 1 << 20);
  auto first = edge.source.ReadFiles(both, 0);
  edge.Look();
  const CommitFiles read = all.get();
  EXPECT_EQ(read.trees.size(), 2u);
  EXPECT_EQ(read.contents.size(), changed.size());
  EXPECT_EQ(first.get().trees.size(), 1u);
}

}  // namespace
}  // namespace portolan::controller
