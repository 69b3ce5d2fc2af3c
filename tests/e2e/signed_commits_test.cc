#include <gtest/gtest.h>

#include "tests/controller/signature/test_keys.h"
#include "tests/e2e/rig.h"
#include "tests/source_tree.h"

namespace portolan::e2e {
namespace {

class SignedCommits : public testing::Test {
 protected:
  void Sign(const controller::TestSshKey& key, const std::string& message) {
    rig.Git({"add", "-A"});
    rig.Git({"-c", "gpg.format=ssh", "-c", "user.signingkey=" + key.path(), "commit", "-q", "-S",
             "-m", message});
  }
  std::string Reason() { return TextAt(At(rig.Source(), "conditions").as_array().at(0), "reason"); }

  controller::TestDirectory directory;
  controller::TestSshKey ana{directory, "ana"};
  controller::TestSshKey eve{directory, "eve"};
  Rig rig;
};

TEST_F(SignedCommits, OnlyThoseOfAllowedSignersGoLiveAndPoliciesSeeWhoSigned) {
  controller::WriteFile(directory.Path("allowed"), ana.Allowed("ana@corp.example"));
  controller::WriteFile(directory.Path("signers.yaml"), "ssh: allowed\n");
  Must(rig.workshop().Configure("verify: range, signers: " + directory.Path("signers.yaml")));
  // The example policy, for this key's owner.
  std::string policy =
      controller::ReadFile(SourceTree().string() + "/examples/policies/signed-commit.yaml");
  policy.replace(policy.find("ann@corp.example"), 3, "ana");
  policy.replace(policy.find("  tests:"), std::string::npos, "");
  Must(rig.workshop().Write("policies/signed-commit.yaml", policy));
  rig.WriteMap(kMap, "    a: 1\n");
  Sign(ana, "One");
  rig.Start();
  rig.Sync();
  const std::string served = TextAt(rig.AwaitPhase(kMap, "Healthy"), "stable.digest");

  rig.WriteMap(kMap, "    a: 2\n");
  Sign(eve, "Two");
  rig.Cli({"sync", rig.SourceName()});
  EXPECT_EQ(Reason(), "UnknownSigner");
  EXPECT_EQ(rig.Served(kMap), served);
  EXPECT_EQ(rig.Served(kMap, "?arm=canary"), "not_found");

  rig.Git({"reset", "-q", "--hard", "HEAD^"});
  rig.WriteMap(kMap, "    a: 3\n");
  Sign(ana, "Three");
  rig.Sync();
  EXPECT_EQ(Reason(), "Succeeded");
  EXPECT_EQ(At(rig.Source(), "signers").as_array().at(0).as_string(), "ana@corp.example");
  EXPECT_NE(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), served);
}

}  // namespace
}  // namespace portolan::e2e
