#pragma once

#include <string>
#include <string_view>

#include "controller/signature/signed_commit.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// kDenied "<reason>: commit 3f2a91c <what>".
inline Error Refuse(std::string_view reason, const SignedCommit& commit, const std::string& what) {
  return {ErrorCode::kDenied,
          std::string(reason) + ": commit " + commit.commit.substr(0, 7) + " " + what};
}

// The tools did not do their work, which says nothing about the signature: asked again later.
inline Error VerifierFailed(const Error& error) {
  return {ErrorCode::kUnavailable, "VerifierFailed: " + error.message};
}

}  // namespace portolan::controller
