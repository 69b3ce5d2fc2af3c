#pragma once

#include <string>
#include <vector>

#include "controller/signature/signed_commit.h"
#include "controller/signature/signers.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// Verifies a commit's OpenPGP signature by gpg with a key ring of these keys only, at the present
// time. Exactly one signature, valid, by a key that is neither expired nor revoked, whose full
// fingerprint is allowed; returns its identity. Errors: kDenied "BadSignature: …",
// "UnknownSigner: …", "Expired: …"; kUnavailable "VerifierFailed: …".
Result<std::vector<std::string>> VerifyGpg(const SignedCommit& commit,
                                           const std::vector<GpgSigner>& allowed);

}  // namespace portolan::controller
