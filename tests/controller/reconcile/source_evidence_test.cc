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

// The policy's message tells the value that the commit deletes.
TEST(SourceEvidence, APlanThatTakesAMarkAwayTellsNothingThatIsServedMasked) {
  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
  const auto push = [&](char commit, const std::string& entries, const std::string& marks) {
    FileTexts files = MapsOf({{"limits", entries}});
    std::string& map = files.at("maps/limits.yaml");
    map.insert(map.find("spec:\n") + 6, "  sensitive: " + marks + "\n");
    files["p.yaml"] =
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: kept, owner: o}\n"
        "spec: {scope: plan, level: hard, rule: plan.first,\n"
        "       message: \"'it was ' + string(live['owner'])\"}\n";
    edge.Push(commit, files);
  };
  push('a', "{a: 1, b: 2, c: 3, owner: hunter2}", "[owner]");
  world.Pass(std::chrono::minutes(2));
  ASSERT_EQ(world.Phase("limits"), "Healthy");
  push('b', "{a: 1, b: 2, c: 3}", "[]");
  const auto rollout = world.rollouts.Find("limits");
  ASSERT_EQ(world.Phase("limits"), "Held") << edge.source.status().message;
  const auto record = world.store.Get("plan/" + rollout->target->plan.ToString());
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->body.find("hunter2"), std::string::npos) << record->body;
  EXPECT_NE(record->body.find(R"("sensitive":["owner"])"), std::string::npos) << record->body;
  const auto raised = edge.source.JudgeRaise(*rollout, world.clock.now().wall);
  ASSERT_FALSE(raised.empty());
  for (const reconciler::Finding& finding : raised)
    EXPECT_EQ(finding.message.find("hunter2"), std::string::npos) << finding.message;
}

TEST(SourceEvidence, APlanTellsNothingThatMasksAnotherMapThoughGitMarksItNoMore) {
  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
  FileTexts files = MarkedMaps("limits", "'beside ' + maps['other']['db/password']");
  edge.Push('a', files);
  world.Pass(std::chrono::minutes(2));
  ASSERT_TRUE(world.Do("other", reconciler::Verb::kPause).ok());
  files["maps/other.yaml"] = MapText("other", "{b: 1, db/password: hunter3}");
  std::string& limits = files["maps/limits.yaml"];
  limits.replace(limits.find("a: 1"), 4, "a: 2");
  edge.Push('b', files);
  const auto rollout = world.rollouts.Find("limits");
  ASSERT_EQ(world.Phase("limits"), "Held") << edge.source.status().message;
  const auto record = world.store.Get("plan/" + rollout->target->plan.ToString());
  ASSERT_TRUE(record.ok());
  EXPECT_NE(record->body.find("beside «sensitive"), std::string::npos) << record->body;
  EXPECT_EQ(record->body.find("hunter3"), std::string::npos) << record->body;
  EXPECT_NE(record->body.find(R"("masked":{"other":["db/*"]})"), std::string::npos) << record->body;
  for (const reconciler::Finding& finding :
       edge.source.JudgeRaise(*rollout, world.clock.now().wall))
    EXPECT_EQ(finding.message.find("hunter"), std::string::npos) << finding.message;
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
