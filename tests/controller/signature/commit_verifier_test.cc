#include "controller/signature/commit_verifier.h"

#include <gtest/gtest.h>

#include "tests/controller/signature/test_keys.h"

namespace portolan::controller {
namespace {

class CommitVerifierTest : public testing::Test {
 protected:
  SignedCommit Commit() { return {std::string(40, 'c'), ana_.Sign("tree"), "tree"}; }

  TestDirectory directory_;
  TestSshKey ana_{directory_, "ana"};
  Result<Signers> signers_ = Signers{ana_.Allowed("ana@corp.example"), {}};
  CommitVerifier verifier_{[this] { return signers_; }};
};

TEST_F(CommitVerifierTest, SaysWhoSignedByEitherKindOfKey) {
  EXPECT_EQ(*verifier_.Verify(Commit()), std::vector<std::string>{"ana@corp.example"});
  if (!HasGpg()) GTEST_SKIP() << "gpg is not installed";
  const TestGpgKey ben(directory_, "ben");
  signers_ = Signers{ana_.Allowed("ana@corp.example"),
                     {{"ben@corp.example", ben.fingerprint(), ben.key()}}};
  EXPECT_EQ(*verifier_.Verify({std::string(40, 'd'), ben.Sign("tree"), "tree"}),
            std::vector<std::string>{"ben@corp.example"});
}

TEST_F(CommitVerifierTest, NoSignatureAndUnknownKindsAreRefused) {
  EXPECT_EQ(verifier_.Verify({std::string(40, 'c'), "", "tree"}).error().message,
            "Unsigned: commit ccccccc has no signature");
  const auto other =
      verifier_.Verify({std::string(40, 'd'), "-----BEGIN SIGNED MESSAGE-----", "tree"});
  EXPECT_TRUE(other.error().message.starts_with("BadSignature: "));
}

TEST_F(CommitVerifierTest, RemembersVerdictsUntilTheSignersChange) {
  SignedCommit commit = Commit();
  ASSERT_TRUE(verifier_.Verify(commit).ok());
  commit.signature = "";  // not looked at again
  EXPECT_TRUE(verifier_.Verify(commit).ok());
  signers_ = Signers{"", {}};
  EXPECT_TRUE(verifier_.Verify(Commit()).error().message.starts_with("UnknownSigner: "));
}

TEST_F(CommitVerifierTest, AnExpiredKeyThatIsRenewedCountsWithoutAnotherCommit) {
  signers_ = Signers{ana_.Allowed("ana@corp.example", "valid-before=\"20200101\""), {}};
  EXPECT_TRUE(verifier_.Verify(Commit()).error().message.starts_with("Expired: "));
  signers_ = Signers{ana_.Allowed("ana@corp.example"), {}};
  EXPECT_TRUE(verifier_.Verify(Commit()).ok());
}

TEST_F(CommitVerifierTest, SignersThatCannotBeReadSayNothingAboutTheCommit) {
  signers_ = Error{ErrorCode::kNotFound, "signers.yaml: no such file"};
  const auto verified = verifier_.Verify(Commit());
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(verified.error().message, "VerifierFailed: signers.yaml: no such file");
}

}  // namespace
}  // namespace portolan::controller
