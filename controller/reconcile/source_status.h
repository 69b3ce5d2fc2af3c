#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/reconcile/policy_history.h"
#include "controller/reconcile/policy_plan.h"
#include "manifests/desired_state.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

// What a policy of scope live says of a map as it is served, when it does not allow it.
struct LiveViolation {
  std::string level;
  std::string message;
  bool error = false;  // it could not be judged

  friend bool operator==(const LiveViolation&, const LiveViolation&) = default;
};

// What is known of one source, for people and for its record "source/<name>".
struct SourceStatus {
  std::string name;
  std::string url;  // without credentials
  std::string branch;
  std::string path;
  std::string followed;                   // commit whose content is desired; empty before the first
  std::string revision;                   // "main@sha1:…" of it
  std::string observed;                   // the branch's tip at the last look
  std::string pending;                    // a tip that waits for `accept`
  std::string accepted;                   // the last commit of which something was taken
  std::string policies;                   // commit whose policies judge; empty: the floor alone
  std::optional<PolicyPlan> policy_plan;  // a change of policies that is not in force yet
  PolicyHistory policy_history;           // sets that judged, the one that judges among them
  // The set that git holds, when another one judges because it was rolled back from.
  std::optional<Digest> policies_left;
  // With a policySource: its name, and the commit of its policies that judges this source. Empty
  // for the policySource itself.
  std::string bound_to;
  std::string bound_policies;
  std::optional<WallTime>
      policies_read;                 // of the policySource: when it was last seen to be current
  std::vector<std::string> signers;  // verified identities of `followed`
  // Maps that wait for signed answers, since when. Kept when the manifest says so no more.
  std::map<std::string, WallTime> regulated;
  std::optional<Error> unverified;  // why the tip's signature does not do
  bool verifies = false;            // commits must be signed
  std::string reason = "Pending";   // of the condition
  std::string message;
  bool ready = false;
  bool stalled = false;  // will not go on by itself
  std::optional<WallTime> last_fetch;
  std::string last_error;
  std::vector<manifests::Diagnostic> diagnostics;
  std::map<std::string, std::vector<manifests::Diagnostic>> rejected;
  std::set<std::string> maps;
  // Of the last audit, by policy and map; nothing for one that allows.
  std::map<std::pair<std::string, std::string>, std::optional<LiveViolation>> audit;
};

// Reason and sentence of an error of the GitSource port, "Reason: sentence".
std::pair<std::string, std::string> SplitReason(const Error& error);

// SourceStatus of docs/http-api.md.
manifests::Value SourceStatusToValue(const SourceStatus& status);

// The part that survives a restart: the commit followed and the one pending.
manifests::Value SourceRecord(const SourceStatus& status);
void RestoreSource(const manifests::Value& record, SourceStatus& status);

}  // namespace portolan::controller
