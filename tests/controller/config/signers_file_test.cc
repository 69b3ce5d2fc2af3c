#include "controller/config/signers_file.h"

#include <gtest/gtest.h>

#include "tests/contracts/temporary_directory.h"

namespace portolan::controller {
namespace {

class SignersFileTest : public testing::Test {
 protected:
  Result<Signers> Load(const std::string& text) {
    return LoadSigners(directory_.Write("signers.yaml", text));
  }
  std::string Refusal(const std::string& text) {
    const auto signers = Load(text);
    return signers.ok() ? "accepted" : signers.error().message;
  }

  TemporaryDirectory directory_;
};

TEST_F(SignersFileTest, ReadsBothKindsWithFilesFromItsFolder) {
  directory_.Write("allowed", "ana@corp.example ssh-ed25519 AAAA\n");
  directory_.Write("ben.asc", "a key\n");
  const auto signers = Load(
      "ssh: allowed\ngpg:\n- {identity: ben@corp.example, keyFile: ben.asc,\n"
      "   fingerprint: 20a6 7df6 7a0c c246 c406  97ff 917c 997d d951 be87}\n");
  ASSERT_TRUE(signers.ok()) << signers.error().message;
  EXPECT_EQ(signers->ssh, "ana@corp.example ssh-ed25519 AAAA\n");
  ASSERT_EQ(signers->gpg.size(), 1u);
  EXPECT_EQ(signers->gpg[0].identity, "ben@corp.example");
  EXPECT_EQ(signers->gpg[0].fingerprint, "20A67DF67A0CC246C40697FF917C997DD951BE87");
  EXPECT_EQ(signers->gpg[0].key, "a key\n");
}

TEST_F(SignersFileTest, RefusesWhatCannotBeAnIdentityOrAWholeFingerprint) {
  directory_.Write("allowed", "# all\n*@corp.example ssh-ed25519 AAAA\n");
  directory_.Write("ben.asc", "a key\n");
  const std::string refusal =
      Refusal("ssh: allowed\ngpg: [{identity: b, keyFile: ben.asc, fingerprint: D951BE87}]\n");
  EXPECT_NE(refusal.find("line 2 of the file allows the pattern \"*@corp.example\""),
            std::string::npos)
      << refusal;
  EXPECT_NE(refusal.find("expected a whole fingerprint of 40 hex digits, found \"D951BE87\""),
            std::string::npos)
      << refusal;
}

TEST_F(SignersFileTest, RefusesAFileThatAllowsNobodyOrNamesAFileThatIsNotThere) {
  EXPECT_NE(Refusal("{}\n").find("found nobody"), std::string::npos);
  EXPECT_NE(Refusal("ssh: nothing\n").find("no such file"), std::string::npos);
  EXPECT_EQ(LoadSigners(directory_.File("none.yaml")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace portolan::controller
