#include "controller/signature/ssh_signature.h"

#include <gtest/gtest.h>

#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

class SshSignatureTest : public testing::Test {
 protected:
  static SignedCommit Signed(const TestSshKey& key, const std::string& name_space = "git") {
    return {std::string(40, 'a'), key.Sign("tree and message", name_space), "tree and message"};
  }
  static std::string Refusal(const SignedCommit& commit, const std::string& allowed) {
    const auto verified = VerifySsh(commit, allowed);
    return verified.ok() ? "accepted" : verified.error().message;
  }

  TestDirectory directory_;
  TestSshKey ana_{directory_, "ana"};
  TestSshKey eve_{directory_, "eve"};
};

TEST_F(SshSignatureTest, AGoodSignatureHasTheIdentitiesOfTheFirstLineWithItsKey) {
  const std::string allowed = "# people\n" + eve_.Allowed("eve@corp.example") +
                              ana_.Allowed("ana@corp.example,oncall@corp.example") +
                              ana_.Allowed("ops@corp.example");
  const auto verified = VerifySsh(Signed(ana_), allowed);
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(*verified, (std::vector<std::string>{"ana@corp.example", "oncall@corp.example"}));
}

TEST_F(SshSignatureTest, AKeyThatNobodyAllowedIsAnUnknownSigner) {
  const std::string refusal = Refusal(Signed(eve_), ana_.Allowed("ana@corp.example"));
  EXPECT_TRUE(refusal.starts_with("UnknownSigner: commit aaaaaaa is signed by the SSH key SHA256:"))
      << refusal;
  EXPECT_TRUE(Refusal(Signed(ana_), "").starts_with("UnknownSigner: "));
}

TEST_F(SshSignatureTest, AnotherTextOrNamespaceOrGarbageIsABadSignature) {
  const std::string allowed = ana_.Allowed("ana@corp.example");
  SignedCommit commit = Signed(ana_);
  commit.payload += " changed";
  EXPECT_TRUE(Refusal(commit, allowed).starts_with("BadSignature: ")) << Refusal(commit, allowed);
  EXPECT_TRUE(Refusal(Signed(ana_, "file"), allowed).starts_with("BadSignature: "));
  commit.signature = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
  EXPECT_TRUE(Refusal(commit, allowed).starts_with("BadSignature: "));
}

TEST_F(SshSignatureTest, AKeyOutsideItsTimeIsExpiredWhateverTheCommitSaysOfItsDate) {
  const std::string late =
      Refusal(Signed(ana_), ana_.Allowed("ana@corp.example", "valid-before=\"20200101\""));
  EXPECT_TRUE(late.starts_with("Expired: ")) << late;
  EXPECT_NE(late.find("accept no longer"), std::string::npos) << late;
  const std::string early =
      Refusal(Signed(ana_), ana_.Allowed("ana@corp.example", "valid-after=\"22000101\""));
  EXPECT_TRUE(early.starts_with("Expired: ")) << early;
}

TEST_F(SshSignatureTest, AKeyAllowedForAnotherPurposeOnlyIsNotAccepted) {
  const std::string refusal =
      Refusal(Signed(ana_), ana_.Allowed("ana@corp.example", "namespaces=\"file\""));
  EXPECT_TRUE(refusal.starts_with("UnknownSigner: ")) << refusal;
}

}  // namespace
}  // namespace portolan::controller
