// Who counts as a writer of a plan, and so may not approve it.
#include "tests/controller/reconcile/gated_source.h"

namespace portolan::controller {
namespace {

using Names = std::vector<std::string>;

constexpr const char* kAna = "Ana <ana@example.com>";
constexpr const char* kBob = "Bob <bob@example.com>";

// Every change but a first version waits for an approval.
class SourceWritersTest : public GatedSourceTest {
 protected:
  static FileTexts Held(const std::string& entries) {
    return With({{"p.yaml",
                  "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: freeze, owner: o}\n"
                  "spec: {scope: plan, level: soft, rule: plan.first}\n"}},
                entries);
  }
  reconciler::Writers Writers() const { return Limits()->target->writers; }
};

TEST_F(SourceWritersTest, AreTheAuthorAndTheSignerOfTheCommit) {
  Settle(Held("{a: 1}"));
  edge.git.Sign('b', Names{"key-of-ana"});
  edge.Push('b', Held("{a: 2}"));
  EXPECT_EQ(Writers(), (reconciler::Writers{{kAna}, {"key-of-ana"}}));
}

TEST_F(SourceWritersTest, AreThoseOfEveryCommitThatChangedTheMapSinceItsStableVersion) {
  Settle(Held("{a: 1}"));
  edge.Push('b', Held("{a: 2}"));
  edge.git.authors['c'] = kBob;
  edge.Push('c', Held("{a: 3}"));
  EXPECT_EQ(Writers().authors, (Names{kAna, kBob}));
}

TEST_F(SourceWritersTest, AreKeptOverARestart) {
  Settle(Held("{a: 1}"));
  edge.Push('b', Held("{a: 2}"));
  World after(disk);
  ASSERT_TRUE(after.rollouts.Restore().ok());
  FollowedSource again(after, SettingsFor(Staff(), "prod"));
  again.git.Push('a', Held("{a: 1}"));
  again.git.Push('b', Held("{a: 2}"));
  again.git.Push('c', Held("{a: 3}"));
  again.git.authors['c'] = kBob;
  after.Serving([&] { return again.source.Restore(after.clock.now()), 0; });
  again.LookLater();
  EXPECT_EQ(after.rollouts.Find("limits")->target->writers.authors, (Names{kAna, kBob}));
}

TEST_F(SourceWritersTest, StartAnewWhenTheMapIsBackAtItsStableVersion) {
  Settle(Held("{a: 1}"));
  edge.Push('b', Held("{a: 2}"));
  edge.Push('c', Held("{a: 1}"));
  edge.git.author = kBob;
  edge.Push('d', Held("{a: 3}"));
  EXPECT_EQ(Writers().authors, Names{kBob});
}

TEST_F(SourceWritersTest, OfACommitThatCannotBeVerifiedMayBeAnybody) {
  Settle(Held("{a: 1}"));
  edge.git.Sign('b', Error{ErrorCode::kUnavailable, "VerifierFailed: no ssh-keygen"});
  edge.git.Push('b', Held("{a: 2}"));
  edge.git.authors['c'] = kBob;
  edge.Push('c', Held("{a: 3}"));
  EXPECT_EQ(Writers().authors, (Names{kAna, kBob}));
  EXPECT_NE(Approve("token:cid").error().message.find("so cid may be the signer"),
            std::string::npos);
}

TEST_F(SourceWritersTest, OfManyCommitsAtOnceAreWritersOfEveryMapThatChanged) {
  Settle(Held("{a: 1}"));
  // Names are single bytes: 70 commits on the way, of which one is bob's.
  edge.git.authors['Z'] = kBob;
  for (char commit = '0'; commit < '0' + 70; ++commit)
    if (commit != 'a') edge.git.Push(commit, Held("{a: " + std::to_string(100 + commit) + "}"));
  edge.LookLater();
  EXPECT_EQ(Writers().authors, (Names{kAna, kBob}));
}

}  // namespace
}  // namespace portolan::controller
