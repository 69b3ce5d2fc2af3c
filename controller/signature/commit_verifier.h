#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/signature/signed_commit.h"
#include "controller/signature/signers.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// Says who signed a commit. The cryptography is done by the machine's ssh-keygen and gpg, each with
// a deadline, limits, and no configuration but what is given here. Verdicts are remembered as long
// as the signers stay the same: a key that expires later takes none back. One thread's own.
class CommitVerifier {
 public:
  // `read_signers` is asked at each verification, so that a key which is taken out of the file
  // counts no longer at once.
  explicit CommitVerifier(std::function<Result<Signers>()> read_signers)
      : read_signers_(std::move(read_signers)) {}

  // The identities that the key of the signature has. Errors: kDenied "Unsigned: …",
  // "UnknownSigner: …", "BadSignature: …", "Expired: …"; kUnavailable "VerifierFailed: …", which
  // says nothing about the commit.
  Result<std::vector<std::string>> Verify(const SignedCommit& commit);

 private:
  using Verdict = Result<std::vector<std::string>>;

  std::function<Result<Signers>()> read_signers_;
  Digest signers_;  // of the verdicts
  std::map<std::string, Verdict> verdicts_;
};

}  // namespace portolan::controller
