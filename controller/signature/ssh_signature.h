#pragma once

#include <string>
#include <vector>

#include "controller/signature/signed_commit.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// Verifies an SSH signature by ssh-keygen against allowed signers, at the present time. Returns the
// identities that the first line with the key gives it. Errors: kDenied "BadSignature: …",
// "UnknownSigner: …", "Expired: …"; kUnavailable "VerifierFailed: …". Thread-safe.
Result<std::vector<std::string>> VerifySsh(const SignedBytes& bytes, const std::string& allowed);
// The same of a commit, in git's namespace; its own time is its author's to choose.
Result<std::vector<std::string>> VerifySsh(const SignedCommit& commit, const std::string& allowed);

}  // namespace portolan::controller
