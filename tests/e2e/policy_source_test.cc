// Policies in a second repository, with a real daemon and two real repositories.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

class PolicySource : public testing::Test {
 protected:
  PolicySource() {
    WritePolicy("plan.first || plan.changed <= 1");
    Rules({"init", "-q", "-b", "main"});
    CommitRules("Rules");
    Must(rig.workshop().Configure("branch: main",
                                  "policyDelay: 1s\nmaxPolicyAge: 2s\npolicySource: "
                                  "{name: rules, poll: 200ms, url: " +
                                      rules + "}"));
    rig.WriteMap(kMap, "    a: 1\n    b: 1\n");
    rig.Git({"add", "-A"});
    rig.Git({"commit", "-q", "-m", "One"});
    rig.Start();
    rig.Sync();
    served = TextAt(rig.AwaitPhase(kMap, "Healthy"), "stable.digest");
  }

  void WritePolicy(const std::string& rule, const std::string& level = "hard") {
    Must(rig.workshop().Write(
        "../rules/few.yaml",
        "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: sre@example.com}\n"
        "spec:\n  scope: plan\n  level: " +
            level + "\n  rule: " + rule + "\n  message: \"'changes ' + string(plan.changed)\"\n"));
  }
  void Rules(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-C", rules});
    rig.Git(arguments);
  }
  void CommitRules(const std::string& message) {
    Rules({"add", "-A"});
    Rules({"commit", "-q", "-m", message});
  }
  // The source of that name, once it satisfies.
  manifests::Value AwaitSource(const std::string& name,
                               const std::function<bool(const manifests::Value&)>& satisfies) {
    manifests::Value found;
    rig.Await(kMap, [&](const manifests::Value&) {
      const manifests::Value sources = At(rig.Call("GET", "/v1/sources").second, "sources");
      for (const manifests::Value& source : sources.as_array())
        if (source.StringOr("name", "") == name) found = source;
      return satisfies(found);
    });
    return found;
  }
  std::string Message() { return TextAt(rig.MapStatus(kMap), "message"); }
  // The repository goes away, and comes back.
  void MoveAway() { std::filesystem::rename(rules, rules + ".away"); }
  void MoveBack() { std::filesystem::rename(rules + ".away", rules); }

  Rig rig{"127.0.0.1:" + std::to_string(FreePort())};
  const std::string rules = rig.workshop().repository().parent_path() / "rules";
  std::string served;
};

TEST_F(PolicySource, ItsPoliciesJudgeAndItsChangesAreApprovedByAnOwner) {
  rig.WriteMap(kMap, "    a: 2\n    b: 2\n");
  rig.Commit("Two at once");
  rig.AwaitPhase(kMap, "Held");
  EXPECT_NE(Message().find("few (hard): changes 2"), std::string::npos) << Message();
  EXPECT_NE(rig.Cli({"policy", "status"}).out.find(" of rules, read "), std::string::npos);

  WritePolicy("plan.first || plan.changed <= 2");
  CommitRules("Allow two");
  const manifests::Value waiting = AwaitSource(
      "rules", [](const auto& source) { return !TextAt(source, "policies.pending.plan").empty(); });
  EXPECT_EQ(
      rig.Cli({"approve", TextAt(waiting, "policies.pending.plan"), "--reason", "two are few"})
          .exit_code,
      0);
  EXPECT_NE(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), served);
}

TEST_F(PolicySource, ASourceMayHoldNone) {
  Must(rig.workshop().Write("mine.yaml",
                            "apiVersion: portolan/v1\nkind: Waiver\nmetadata: {name: mine, owner: "
                            "o}\nspec: {policy: few, maps: [limits], until: 2099-01-01T00:00:00Z, "
                            "reason: r}\n"));
  rig.WriteMap(kMap, "    a: 2\n    b: 2\n");
  rig.Git({"add", "-A"});
  rig.Git({"commit", "-q", "-m", "Mine"});
  const Ended synced = rig.Cli({"sync", "maps"});
  EXPECT_EQ(synced.exit_code, 3) << synced.err;
  EXPECT_NE((synced.out + synced.err).find("move them there"), std::string::npos)
      << synced.out << synced.err;
  EXPECT_EQ(rig.Served(kMap), served);
}

TEST_F(PolicySource, UnreadableItJudgesOnUntilItIsTooOldAlsoOverAKill) {
  MoveAway();
  AwaitSource("rules", [](const auto& source) { return !TextAt(source, "lastError").empty(); });
  EXPECT_NE(rig.Cli({"policy", "status"}).out.find("of rules, read "), std::string::npos);
  rig.Await(kMap, [&](const manifests::Value&) {
    return rig.Cli({"events"}).out.find("PoliciesTooOld") != std::string::npos;
  });
  rig.WriteMap(kMap, "    a: 2\n    b: 1\n");
  rig.Commit("One key");
  const auto too_old = [](const manifests::Value& status) {
    return TextAt(status, "message").find("policySource \"rules\" was last read at") !=
           std::string::npos;
  };
  rig.Await(kMap, too_old);
  EXPECT_NE(rig.Cli({"override", "set", kMap, "a", "5", "--for", "1h", "--reason", "r"}).exit_code,
            0);
  rig.Kill();
  rig.Start();
  rig.Await(kMap, too_old);
  EXPECT_EQ(rig.Cli({"lock", kMap}).exit_code, 0);
  EXPECT_EQ(rig.Cli({"unlock", kMap}).exit_code, 0);
  EXPECT_EQ(rig.Served(kMap), served);
  rig.Await(kMap, too_old);
  MoveBack();
  rig.Await(kMap, [](const auto& status) { return TextAt(status, "phase") != "Held"; });
  EXPECT_NE(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), served);
}

}  // namespace
}  // namespace portolan::e2e
