#pragma once

#include <string>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// The plan of a regulated map, for those who answer outside.
struct ExternalQuestion {
  std::string source;
  std::string map;
  Digest plan;
  manifests::Value body;  // docs/policies.md, "Regulated maps"
};

// What they signed, byte by byte, and the signature.
struct SignedAnswer {
  std::string text;
  std::string signature;
};

// What a good answer says.
struct ExternalAnswer {
  std::vector<std::string> signers;  // identities; at least one
  std::string reason;
  bool releases = false;  // the map is no longer regulated once the plan is through
};

// The door to those who answer for regulated maps. Thread-safe.
class ExternalApproval {
 public:
  virtual ~ExternalApproval() = default;
  // Tells them of the plan, some time; returns at once. Of a map only the newest question counts,
  // and one that was told is not told again.
  virtual void Ask(ExternalQuestion question) = 0;
  // The map waits no more.
  virtual void Drop(const std::string& map) = 0;
  // Whether the answer approves this plan of this map, given at that time. Errors: kInvalid for no
  // answer at all; kDenied "BadSignature: …", "UnknownSigner: …", "Expired: …", "OtherPlan: …",
  // "NotApproved: …", "TooOld: …", "FromTheFuture: …"; kUnavailable "VerifierFailed: …".
  virtual Result<ExternalAnswer> Check(const SignedAnswer& answer, const std::string& map,
                                       const Digest& plan, WallTime given) const = 0;
};

}  // namespace portolan::controller
