#pragma once

#include <string>
#include <vector>

#include "controller/signature/signed_commit.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// Verifies a commit's SSH signature by ssh-keygen against allowed signers, at the present time (the
// commit's own time is its author's to choose), in git's namespace. Returns the identities that the
// first line with the key gives it. Errors: kDenied "BadSignature: …", "UnknownSigner: …",
// "Expired: …"; kUnavailable "VerifierFailed: …".
Result<std::vector<std::string>> VerifySsh(const SignedCommit& commit, const std::string& allowed);

}  // namespace portolan::controller
