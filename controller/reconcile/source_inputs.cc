// What other threads ask of a source, and see of it.
#include "controller/reconcile/source_event.h"
#include "controller/reconcile/source_reconciler.h"

namespace portolan::controller {

using manifests::Value;

void SourceReconciler::Wait(Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [this] {
    return woken_ || dirty_ || !replan_.empty() || accepted_ || !syncs_.empty() ||
           !policy_requests_.empty() || !file_reads_.empty();
  });
  woken_ = false;
}

void SourceReconciler::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

// The next look sees that the generation is another one.
void SourceReconciler::PoliciesChanged() {
  Wake();
}

void SourceReconciler::MarkDirty() {
  {
    const std::scoped_lock lock(mutex_);
    dirty_ = true;
  }
  changed_.notify_all();
}

void SourceReconciler::Replan(const std::string& map) {
  {
    const std::scoped_lock lock(mutex_);
    replan_.insert(map);
  }
  changed_.notify_all();
}

std::future<SourceStatus> SourceReconciler::Rejudge(const std::string& map) {
  std::promise<SourceStatus> promise;
  auto done = promise.get_future();
  {
    const std::scoped_lock lock(mutex_);
    replan_.insert(map);
    rejudged_.push_back(std::move(promise));
  }
  changed_.notify_all();
  return done;
}

std::future<SourceStatus> SourceReconciler::Sync() {
  std::promise<SourceStatus> promise;
  auto done = promise.get_future();
  {
    const std::scoped_lock lock(mutex_);
    syncs_.push_back(std::move(promise));
  }
  changed_.notify_all();
  return done;
}

Result<SourceStatus> SourceReconciler::Accept(const std::string& commit) {
  std::promise<SourceStatus> promise;
  auto done = promise.get_future();
  {
    const std::scoped_lock lock(mutex_);
    if (commit.size() < 7 || !status_.pending.starts_with(commit))
      return Error{ErrorCode::kConflict,
                   "source " + settings_.name + " has no pending commit " + commit +
                       (status_.pending.empty() ? std::string("; nothing is pending")
                                                : "; pending is " + status_.pending)};
    accepted_ = status_.pending;
    syncs_.push_back(std::move(promise));
  }
  changed_.notify_all();
  return done.get();
}

std::future<Result<SourceStatus>> SourceReconciler::ApprovePolicies(PolicyApproval approval) {
  return Enqueue(
      PolicyRequest([this, asked = std::move(approval)] { return TakeApproval(asked); }));
}

std::future<Result<SourceStatus>> SourceReconciler::RollBackPolicies(PolicyRollback rollback) {
  return Enqueue(
      PolicyRequest([this, asked = std::move(rollback)] { return TakeRollback(asked); }));
}

std::future<Result<SourceStatus>> SourceReconciler::Enqueue(PolicyRequest request) {
  auto done = request.get_future();
  {
    const std::scoped_lock lock(mutex_);
    policy_requests_.push_back(std::move(request));
  }
  changed_.notify_all();
  return done;
}

std::future<CommitFiles> SourceReconciler::ReadFiles(std::vector<std::string> commits,
                                                     std::size_t bytes_max) {
  FileRead asked{std::move(commits), bytes_max, {}};
  auto done = asked.done.get_future();
  {
    const std::scoped_lock lock(mutex_);
    file_reads_.push_back(std::move(asked));
  }
  changed_.notify_all();
  return done;
}

SourceStatus SourceReconciler::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

void SourceReconciler::Fail(const Error& error, bool stalled) {
  const auto [reason, message] = SplitReason(error);
  {
    const std::scoped_lock lock(mutex_);
    status_.last_error = message;
  }
  Settle(reason, message, false, stalled);
}

// Says a new condition once, as an event.
void SourceReconciler::Settle(std::string_view reason, std::string message, bool ready,
                              bool stalled) {
  reconciler::Event event =
      SourceEvent(settings_.name, ready ? "Normal" : "Warning", reason, message);
  {
    const std::scoped_lock lock(mutex_);
    const bool news = status_.reason != reason || status_.message != message;
    status_.reason = reason;
    status_.message = std::move(message);
    status_.ready = ready;
    status_.stalled = stalled;
    if (!news) return;
    event.data.Set("commit", status_.observed);
    Value::Array lines;
    for (const manifests::Diagnostic& diagnostic : status_.diagnostics)
      lines.emplace_back(FormatDiagnostic(diagnostic));
    if (!ready && !lines.empty()) event.data.Set("diagnostics", std::move(lines));
  }
  ports_.event(std::move(event));
}

}  // namespace portolan::controller
