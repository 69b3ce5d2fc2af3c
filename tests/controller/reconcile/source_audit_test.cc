#include <gtest/gtest.h>

#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

class SourceAuditTest : public testing::Test {
 protected:
  static FileTexts Files(const std::string& entries, const std::string& rule) {
    FileTexts files = MapsOf({{"limits", entries}});
    files["policies/live.yaml"] =
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: small}\nspec:\n"
        "  scope: live\n  level: hard\n  rule: '" +
        rule + "'\n  message: \"'too many: ' + string(live.size())\"\n";
    return files;
  }
  std::string Said() const {
    std::string reasons;
    for (const reconciler::Event& event : edge.events)
      if (event.actor == "audit") reasons += event.reason + " " + event.message + "; ";
    return reasons;
  }
  // The verdict on "limits": "none", "ok" or its message.
  std::string Found() const {
    const auto audit = edge.source.status().audit;
    const auto found = audit.find({"small", "limits"});
    if (found == audit.end()) return "none";
    return found->second ? found->second->message : "ok";
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
};

TEST_F(SourceAuditTest, AlarmsOnceAboutWhatIsServedAndChangesNothing) {
  edge.Push('a', Files("{a: 1, b: 1}", "live.size() < 2"));
  world.Pass(std::chrono::minutes(2));
  ASSERT_EQ(world.Phase("limits"), "Healthy");
  const auto served = world.Served("limits");
  edge.LookLater();
  edge.LookLater();
  EXPECT_EQ(Found(), "too many: 2");
  EXPECT_EQ(Said(), "PolicyViolated small: too many: 2; ");
  EXPECT_EQ(world.Served("limits"), served);
  EXPECT_EQ(world.Phase("limits"), "Healthy");
  const auto status = SourceStatusToValue(edge.source.status());
  EXPECT_EQ(manifests::CanonicalJson(*status.Find("violations")),
            R"([{"level":"hard","map":"limits","message":"too many: 2","outcome":"deny",)"
            R"("policy":"small"}])");
}

TEST_F(SourceAuditTest, SaysWhenAllIsWellAgain) {
  edge.Push('a', Files("{a: 1, b: 1}", "live.size() < 2"));
  world.Pass(std::chrono::minutes(2));
  edge.LookLater();
  edge.Push('b', Files("{a: 1}", "live.size() < 2"));
  world.Pass(std::chrono::minutes(2));
  edge.LookLater();
  EXPECT_EQ(Found(), "ok");
  EXPECT_TRUE(Said().ends_with("PolicySatisfied small allows what \"limits\" serves again; "))
      << Said();
}

TEST_F(SourceAuditTest, WhatCannotBeJudgedIsAViolation) {
  edge.Push('a', Files("{a: 1}", "int(manifest.labels.tier) > 0"));
  world.Pass(std::chrono::minutes(2));
  edge.LookLater();
  EXPECT_NE(Found().find("no such key"), std::string::npos) << Found();
}

TEST_F(SourceAuditTest, AMapThatServesNothingYetIsNotAudited) {
  edge.Look();
  EXPECT_EQ(Found(), "none");
}

TEST_F(SourceAuditTest, DoesNotShowWhatIsMaskedWhileItIsServedThoughGitMarksItNoMore) {
  FileTexts files = Files("{a: 1, db/password: hunter2}", "live.size() < 2");
  std::string& policy = files["policies/live.yaml"];
  policy.replace(policy.find("live.size())"), 12, "live['db/password'])");
  files["maps/limits.yaml"] += "  sensitive: [\"db/*\"]\n";
  edge.Push('a', files);
  world.Pass(std::chrono::minutes(2));
  ASSERT_EQ(world.Phase("limits"), "Healthy");
  ASSERT_TRUE(world.Do("limits", reconciler::Verb::kPause).ok());
  files["maps/limits.yaml"] = MapText("limits", "{a: 1}");
  edge.Push('b', files);
  ASSERT_EQ(world.Phase("limits"), "Held");
  edge.LookLater();
  EXPECT_TRUE(Found().starts_with("too many: «sensitive")) << Found();
}

}  // namespace
}  // namespace portolan::controller
