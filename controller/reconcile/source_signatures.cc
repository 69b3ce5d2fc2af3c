// Which commits of a source may be taken by their signatures, and who signed them.
#include "controller/reconcile/source_reconciler.h"

namespace portolan::controller {

// What is followed and served stays. A commit that is well signed itself, with others before it
// that are not, waits for an operator who answers for those.
void SourceReconciler::RefuseUnverified(const std::string& commit, const Error& why) {
  if (why.code != ErrorCode::kDenied) return Fail(why, false);
  const bool acceptable = !status().followed.empty() && ports_.git.Signers("", commit).ok();
  Error refused = why;
  refused.message += acceptable ? "; to take it all the same: portolan source accept " +
                                      settings_.name + " " + commit
                                : "; what is served stays";
  const std::string pending = acceptable ? commit : "";
  const bool news = status().pending != pending;
  {
    const std::scoped_lock lock(mutex_);
    status_.unverified = why;
    status_.pending = pending;
  }
  Fail(refused, true);
  if (news) (void)Keep();
}

// The commit was verified when it was taken. Should its key count no longer, policies see no
// signer.
void SourceReconciler::RestoreSigners() {
  const std::string followed = status().followed;
  if (followed.empty()) return;
  auto signers = ports_.git.Signers("", followed);
  const std::scoped_lock lock(mutex_);
  if (signers.ok()) status_.signers = *std::move(signers);
}

}  // namespace portolan::controller
