#include <gtest/gtest.h>

#include "controller/reconcile/source_status.h"
#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

using Names = std::vector<std::string>;

Error Refused(const std::string& reason) {
  return {ErrorCode::kDenied, reason + ": commit bbbbbbb is not signed well"};
}

class SourceSignaturesTest : public testing::Test {
 protected:
  static SourceSettings Settings() {
    SourceSettings settings = SettingsOf("edge");
    settings.verifies = true;
    return settings;
  }
  static FileTexts Files(const std::string& entries) {
    FileTexts files = MapsOf({{"limits", entries}});
    files["policies/signed.yaml"] =
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: signed-commit}\nspec:\n"
        "  scope: plan\n  level: hard\n"
        "  rule: plan.first || commit.signers.exists(s, s == 'ana@corp.example')\n";
    return files;
  }
  // "limits" is healthy at commit a, which ana signed.
  void Settle() {
    edge.git.Sign('a', Names{"ana@corp.example"});
    edge.Push('a', Files("{a: 1}"));
    world.Pass(std::chrono::minutes(2));
    ASSERT_EQ(world.Phase("limits"), "Healthy") << edge.source.status().message;
  }
  manifests::Value Condition() const {
    return SourceStatusToValue(edge.source.status()).Find("conditions")->as_array().back();
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, Settings()};
};

TEST_F(SourceSignaturesTest, ACommitThatIsNotSignedWellChangesNothing) {
  Settle();
  const auto before = world.Served("limits");
  for (const char* const reason : {"Unsigned", "UnknownSigner", "BadSignature", "Expired"}) {
    edge.git.Sign('b', Refused(reason));
    edge.Push('b', Files("{a: 2}"));
    EXPECT_EQ(edge.source.status().reason, reason);
    EXPECT_TRUE(edge.source.status().stalled);
    EXPECT_EQ(edge.source.status().followed, ScriptedGit::Name('a'));
    EXPECT_EQ(edge.source.status().pending, "");
    EXPECT_EQ(Condition().StringOr("reason", ""), reason);
    EXPECT_EQ(world.Served("limits"), before);
  }
  edge.git.Sign('c', Names{"ana@corp.example"});
  edge.Push('c', Files("{a: 2}"));
  EXPECT_TRUE(edge.source.status().ready) << edge.source.status().message;
  EXPECT_EQ(world.Phase("limits"), "Stepping");
  EXPECT_EQ(Condition().StringOr("reason", ""), "Verified");
  EXPECT_EQ(Condition().StringOr("message", ""), "signed by ana@corp.example");
}

TEST_F(SourceSignaturesTest, AVerifierThatFailsIsAskedAgain) {
  Settle();
  edge.git.Sign('b', Error{ErrorCode::kUnavailable, "VerifierFailed: no ssh-keygen"});
  edge.Push('b', Files("{a: 2}"));
  EXPECT_EQ(edge.source.status().reason, "VerifierFailed");
  EXPECT_FALSE(edge.source.status().stalled);
  edge.git.Sign('b', Names{"ana@corp.example"});
  edge.LookLater();
  EXPECT_EQ(edge.source.status().followed, ScriptedGit::Name('b'));
}

TEST_F(SourceSignaturesTest, PoliciesSeeTheVerifiedSignersOnly) {
  Settle();
  edge.git.Sign('b', Names{"ben@corp.example"});
  edge.Push('b', Files("{a: 2}"));
  EXPECT_EQ(world.Phase("limits"), "Held");
  EXPECT_NE(world.rollouts.Find("limits")->message.find("signed-commit"), std::string::npos);
  edge.git.Sign('c', Names{"ana@corp.example"});
  edge.Push('c', Files("{a: 3}"));
  EXPECT_EQ(world.Phase("limits"), "Stepping");
}

TEST_F(SourceSignaturesTest, AnOperatorMayAnswerForTheCommitsBeforeAWellSignedOne) {
  Settle();
  edge.git.Sign('c', Names{"ana@corp.example"});
  edge.git.FailRanges(Refused("Unsigned"));
  edge.Push('c', Files("{a: 2}"));
  EXPECT_EQ(edge.source.status().reason, "Unsigned");
  EXPECT_EQ(edge.source.status().pending, ScriptedGit::Name('c'));
  EXPECT_NE(edge.source.status().message.find("portolan source accept edge cccc"),
            std::string::npos);
  auto accepted = world.Serving([&] {
    auto answer =
        std::async(std::launch::async, [&] { return edge.source.Accept(ScriptedGit::Name('c')); });
    while (answer.wait_for(Duration(1)) != std::future_status::ready)
      edge.source.Look(world.clock.now());
    return answer.get();
  });
  ASSERT_TRUE(accepted.ok()) << accepted.error().message;
  EXPECT_EQ(accepted->followed, ScriptedGit::Name('c'));
  EXPECT_EQ(accepted->pending, "");
}

TEST_F(SourceSignaturesTest, ARestartSeesTheSignersOfTheCommitThatIsFollowed) {
  Settle();
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, Settings());
  again.git.Sign('a', Names{"ana@corp.example"});
  again.git.Push('a', Files("{a: 1}"));
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  EXPECT_EQ(again.source.status().signers, Names{"ana@corp.example"});
  EXPECT_EQ(again.git.verified, Names{""});
}

}  // namespace
}  // namespace portolan::controller
