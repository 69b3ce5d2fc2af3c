#include "controller/signature/commit_verifier.h"

#include "controller/signature/gpg_signature.h"
#include "controller/signature/refusal.h"
#include "controller/signature/ssh_signature.h"

namespace portolan::controller {
namespace {

constexpr std::size_t kVerdictsMax = 10'000;
constexpr std::string_view kSshArmor = "-----BEGIN SSH SIGNATURE-----";
constexpr std::string_view kGpgArmor = "-----BEGIN PGP SIGNATURE-----";

Result<std::vector<std::string>> VerifyAny(const SignedCommit& commit, const Signers& signers) {
  if (commit.signature.empty()) return Refuse("Unsigned", commit, "has no signature");
  if (commit.signature.starts_with(kSshArmor)) return VerifySsh(commit, signers.ssh);
  if (commit.signature.starts_with(kGpgArmor)) return VerifyGpg(commit, signers.gpg);
  return Refuse("BadSignature", commit,
                "has a signature that is neither of SSH nor of OpenPGP; sign with one of these");
}

// Whether the verdict will be the same at any later time.
bool Lasts(const Result<std::vector<std::string>>& verdict) {
  return verdict.ok() || (verdict.error().code == ErrorCode::kDenied &&
                          !verdict.error().message.starts_with("Expired: "));
}

}  // namespace

Result<std::vector<std::string>> CommitVerifier::Verify(const SignedCommit& commit) {
  const auto signers = read_signers_();
  if (!signers.ok()) return VerifierFailed(signers.error());
  if (const Digest digest = signers->digest(); digest != signers_) {
    verdicts_.clear();
    signers_ = digest;
  }
  if (const auto known = verdicts_.find(commit.commit); known != verdicts_.end())
    return known->second;
  Verdict verdict = VerifyAny(commit, *signers);
  if (verdicts_.size() >= kVerdictsMax) verdicts_.clear();
  if (Lasts(verdict)) verdicts_.emplace(commit.commit, verdict);
  return verdict;
}

}  // namespace portolan::controller
