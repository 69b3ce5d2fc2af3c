#include <gtest/gtest.h>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

class SourceTrouble : public testing::Test {
 protected:
  SourceTrouble() {
    rig.WriteMap(kMap, "    a: 1\n");
    Must(rig.workshop().Commit("One"));
    rig.Start();
    rig.Sync();
    served = TextAt(rig.AwaitPhase(kMap, "Healthy"), "stable.digest");
  }

  static std::string ReasonOf(const Value& source) {
    return TextAt(At(source, "conditions").as_array().at(0), "reason");
  }
  Ended Serve(const std::string& state, const std::string& listen) {
    return RunPortolan({"serve", "--repo", rig.workshop().repository().string(), "--state", state,
                        "--listen", listen},
                       rig.scratch());
  }

  Rig rig;
  std::string served;
};

TEST_F(SourceTrouble, RewrittenHistoryIsHeldUntilAPersonAcceptsIt) {
  rig.WriteMap(kMap, "    a: 2\n");
  rig.Git({"commit", "-q", "-a", "--amend", "-m", "One, rewritten"});
  const Value held = rig.Sync();
  EXPECT_EQ(TextAt(held, "pending"), rig.Head());
  const std::string reason = ReasonOf(held);
  EXPECT_TRUE(reason == "HistoryRewritten" || reason == "UnrelatedHistory") << reason;
  EXPECT_EQ(rig.Served(kMap), served);
  EXPECT_EQ(rig.Served(kMap, "?arm=canary"), "not_found");

  EXPECT_EQ(rig.Cli({"sync", rig.SourceName()}).exit_code, 6);
  EXPECT_EQ(
      rig.Cli({"source", "accept", rig.SourceName(), std::string(40, '0'), "--yes"}).exit_code, 6);
  EXPECT_EQ(rig.Served(kMap, "?arm=canary"), "not_found");
  const Ended accepted = rig.Cli({"source", "accept", rig.SourceName(), rig.Head(), "--yes"});
  EXPECT_EQ(accepted.exit_code, 0) << accepted.err;
  EXPECT_EQ(ReasonOf(rig.Source()), "Succeeded");
  EXPECT_NE(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), served);
}

TEST_F(SourceTrouble, ForcePushOntoAnAncestorIsHistoryRewritten) {
  rig.WriteMap(kMap, "    a: 2\n");
  rig.Commit("Two");
  const std::string second = TextAt(rig.Drive(kMap, "Healthy"), "stable.digest");
  rig.Git({"reset", "-q", "--hard", "HEAD^"});
  rig.WriteMap(kMap, "    a: 3\n");
  const Value held = rig.Commit("Three, without two");
  EXPECT_EQ(ReasonOf(held), "HistoryRewritten");
  EXPECT_EQ(rig.Served(kMap), second);
  EXPECT_EQ(rig.Served(kMap, "?arm=canary"), "not_found");
}

TEST_F(SourceTrouble, ADeletedBranchChangesNothingThatIsServed) {
  rig.Git({"checkout", "-q", "--detach"});
  rig.Git({"branch", "-q", "-D", "main"});
  EXPECT_EQ(ReasonOf(rig.Sync()), "SourceGone");
  EXPECT_EQ(rig.Served(kMap), served);
  EXPECT_EQ(TextAt(rig.MapStatus(kMap), "phase"), "Healthy");
  EXPECT_EQ(rig.Call("GET", "/readyz").first, 200);

  rig.Git({"checkout", "-q", "-b", "main"});
  EXPECT_EQ(ReasonOf(rig.Sync()), "Succeeded") << "the branch came back";
}

TEST_F(SourceTrouble, ASecondDaemonOnTheStateDirectoryRefusesToStart) {
  const Ended second = Serve(rig.state(), "127.0.0.1:0");
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.err.find("is in use by another Portolan process"), std::string::npos)
      << second.err;
  EXPECT_EQ(rig.Served(kMap), served);
}

TEST_F(SourceTrouble, ADaemonWhosePortIsTakenRefusesToStart) {
  const std::string address = rig.workshop().address().substr(std::string("http://").size());
  const Ended second = Serve(rig.scratch() + "/other-state", address);
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.err.find("another process listens there"), std::string::npos) << second.err;
  EXPECT_EQ(rig.Served(kMap), served);
}

}  // namespace
}  // namespace portolan::e2e
