#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifests/artifact.h"
#include "mapcore/base/result.h"

namespace portolan::reconciler {

constexpr std::size_t kCommitsMax = 1'000;  // that one call of Commits lists

// How a branch moved since the revision the source last followed.
enum class BranchMove { kFirst, kUnchanged, kFastForward, kRewritten, kUnrelated, kGone };

// What one look at the remote found.
struct FetchResult {
  BranchMove move = BranchMove::kUnchanged;
  std::string commit;  // the branch's tip now, 40 hex; empty when gone
  std::string tree;    // object id of the watched path's tree at the tip; equal ids mean nothing to
                       // do; empty: no such path
};

// A git repository, branch and path. One thread's own. Errors carry a condition reason as the first
// word of the message, then ": " and one sentence ("BranchNotFound: branch \"mian\" …"):
// AuthenticationFailed, BranchNotFound, EmptyRepository, Timeout, Unreachable, WorkerKilled,
// TooLarge, StorageFull, CorruptMirror, Denied, Cancelled.
class GitSource {
 public:
  virtual ~GitSource() = default;
  // Asks the remote, and fetches when the tip is new. `followed` is the commit that the caller last
  // accepted, or empty.
  virtual Result<FetchResult> Fetch(const std::string& followed) = 0;
  // The files below the watched path at a commit that was fetched. kNotFound "InvalidPath: …" when
  // the path is absent.
  virtual Result<manifests::Artifact> Open(const std::string& commit) = 0;
  // Who signed a commit that was fetched, as verified identities; nobody where the source verifies
  // nothing. `followed` is the commit before it that was verified, or empty: then the commit alone
  // must satisfy the source. Errors: kDenied "Unsigned: …", "UnknownSigner: …", "BadSignature: …",
  // "Expired: …", "RangeTooLong: …": it may not be taken; kUnavailable "VerifierFailed: …".
  virtual Result<std::vector<std::string>> Signers(const std::string& followed,
                                                   const std::string& commit) = 0;
  // The commits that the branch went through from one to another by first parents, oldest first,
  // `to` included and `from` not. kNotFound "NotAnAncestor: …" when `from` is none of them, or
  // further back than kCommitsMax.
  virtual Result<std::vector<std::string>> Commits(const std::string& from,
                                                   const std::string& to) = 0;
  // Keeps a commit's objects through rewrites of the branch.
  virtual Status Pin(const std::string& commit) = 0;
  // Ends a Fetch under way, and every later one, with kCancelled "Cancelled: …": for the end of the
  // program. Alone of these, it may be called from any thread.
  virtual void Cancel() {}
};

}  // namespace portolan::reconciler
