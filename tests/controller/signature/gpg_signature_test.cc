#include "controller/signature/gpg_signature.h"

#include <gtest/gtest.h>

#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

class GpgSignatureTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasGpg()) GTEST_SKIP() << "gpg is not installed";
  }
  static GpgSigner SignerOf(const TestGpgKey& key, const std::string& identity) {
    return {identity, key.fingerprint(), key.key()};
  }
  static SignedCommit Signed(const TestGpgKey& key) {
    return {std::string(40, 'b'), key.Sign("tree"), "tree"};
  }
  static std::string Refusal(const SignedCommit& commit, const std::vector<GpgSigner>& allowed) {
    const auto verified = VerifyGpg(commit, allowed);
    return verified.ok() ? "accepted" : verified.error().message;
  }

  TestDirectory directory_;
};

TEST_F(GpgSignatureTest, AGoodSignatureHasTheIdentityThatTheOperatorGaveTheKey) {
  const TestGpgKey ben(directory_, "ben");
  const TestGpgKey eve(directory_, "eve");
  const auto verified = VerifyGpg(
      Signed(ben), {SignerOf(eve, "eve@corp.example"), SignerOf(ben, "ben.b@corp.example")});
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(*verified, std::vector<std::string>{"ben.b@corp.example"});
}

TEST_F(GpgSignatureTest, OthersAreRefusedEachWithItsReason) {
  const TestGpgKey ben(directory_, "ben");
  const TestGpgKey eve(directory_, "eve");
  const std::vector<GpgSigner> allowed{SignerOf(ben, "ben@corp.example")};
  EXPECT_TRUE(Refusal(Signed(eve), allowed).starts_with("UnknownSigner: commit bbbbbbb"));
  // In the key ring, but its fingerprint is not allowed.
  const GpgSigner smuggled{"ben@corp.example", ben.fingerprint(), ben.key() + eve.key()};
  EXPECT_TRUE(Refusal(Signed(eve), {smuggled}).starts_with("UnknownSigner: "));
  SignedCommit commit = Signed(ben);
  commit.payload = "another tree";
  EXPECT_TRUE(Refusal(commit, allowed).starts_with("BadSignature: "));
  commit = Signed(ben);
  commit.signature += commit.signature;
  EXPECT_TRUE(Refusal(commit, allowed).starts_with("BadSignature: ")) << Refusal(commit, allowed);
  commit.signature = "-----BEGIN PGP SIGNATURE-----\n\njunk\n-----END PGP SIGNATURE-----\n";
  EXPECT_TRUE(Refusal(commit, allowed).starts_with("BadSignature: "));
}

TEST_F(GpgSignatureTest, AnExpiredKeyIsRefusedAlsoForWhatItSignedInItsTime) {
  const TestGpgKey old(directory_, "old", true);
  const std::string refusal = Refusal(Signed(old), {SignerOf(old, "old@corp.example")});
  EXPECT_TRUE(refusal.starts_with("Expired: ")) << refusal;
}

TEST_F(GpgSignatureTest, AKeyThatCannotBeReadIsTheVerifiersFailureNotTheCommits) {
  const TestGpgKey ben(directory_, "ben");
  const auto verified = VerifyGpg(Signed(ben), {{"ben@corp.example", ben.fingerprint(), "no key"}});
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(verified.error().message.starts_with("VerifierFailed: ")) << verified.error().message;
}

}  // namespace
}  // namespace portolan::controller
