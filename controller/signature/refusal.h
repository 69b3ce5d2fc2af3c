#pragma once

#include <string>
#include <string_view>

#include "controller/signature/signed_commit.h"
#include "manifests/short_commit.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// "commit 3f2a91c".
inline std::string SubjectOf(const SignedCommit& commit) {
  return "commit " + manifests::ShortCommit(commit.commit);
}

// kDenied "<reason>: <subject> <what>".
inline Error Refuse(std::string_view reason, const std::string& subject, const std::string& what) {
  return {ErrorCode::kDenied, std::string(reason) + ": " + subject + " " + what};
}
inline Error Refuse(std::string_view reason, const SignedCommit& commit, const std::string& what) {
  return Refuse(reason, SubjectOf(commit), what);
}

// The tools did not do their work, which says nothing about the signature: asked again later.
inline Error VerifierFailed(const Error& error) {
  return {ErrorCode::kUnavailable, "VerifierFailed: " + error.message};
}

}  // namespace portolan::controller
