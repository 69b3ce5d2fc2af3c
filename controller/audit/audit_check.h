#pragma once

#include <string>
#include <vector>

#include "controller/audit/package.h"
#include "controller/signature/signers.h"

namespace portolan::controller {

inline constexpr std::string_view kAuditApiVersion = "portolan.audit/v1";

// What a package says that holds, one sentence for each thing that was computed anew.
struct AuditFindings {
  std::string plan;  // its digest
  std::string map;
  std::vector<std::string> verified;
  std::vector<std::string> unverified;  // what cannot be told from the package alone
};

// Verifies an audit package of docs/policies.md without the daemon: checksums; the plan's digest;
// the digests of the entries before and after; the plan itself, made anew from the commit's files;
// the policies' digest; every verdict, judged anew; approvals and their events; signed answers by
// `signers` (null: they stay unverified); the chain of the events. Errors: kCorrupt, naming the
// first thing that does not fit; kDenied for an answer that the signers did not sign.
Result<AuditFindings> CheckPackage(const PackageFiles& files, const Signers* signers);

}  // namespace portolan::controller
