// What other threads hand to the control loop.
#include <iterator>

#include "controller/reconcile/rollout_reconciler.h"

namespace portolan::controller {
namespace {

// About what an item takes in memory with what hangs on it. A hash is 8 bytes; the names of kinds
// and the nodes of containers are some 100 bytes each.
std::size_t BytesOf(const reconciler::ReportItem& item) {
  std::size_t bytes =
      sizeof item + (item.sketch.empty() ? 0 : reconciler::SubjectSketch::kRegisters);
  for (const auto& [kind, events] : item.bad) bytes += 100 + 8 * events.subject_hashes.size();
  for (const reconciler::ReportedSample& sample : item.samples)
    bytes += sizeof sample + sample.key.size() + sample.text.size();
  return bytes;
}
std::size_t BytesOf(const reconciler::OutputItem& item) {
  return sizeof item + item.key.size() + item.stable.size() + item.canary.size();
}
template <typename Report>
std::size_t BytesOfReport(const Report& report) {
  std::size_t bytes = sizeof report + report.instance.size() + report.map.size();
  for (const auto& item : report.items) bytes += BytesOf(item);
  return bytes;
}
std::size_t BytesOfAck(const reconciler::Ack& ack) {
  return sizeof ack + ack.instance.size() + ack.map.size() + ack.reason.size();
}

template <typename T>
InboxState StateOf(const BoundedInbox<T>& inbox) {
  return {inbox.bytes(), inbox.refused()};
}

}  // namespace

bool RolloutReconciler::Report(std::vector<reconciler::Report> reports) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    if (!clients_.reports.Add(std::move(reports), BytesOfReport<reconciler::Report>)) return false;
  }
  inbox_changed_.notify_one();
  return true;
}

bool RolloutReconciler::Acknowledge(std::vector<reconciler::Ack> acks) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    if (!clients_.acks.Add(std::move(acks), BytesOfAck)) return false;
  }
  inbox_changed_.notify_one();
  return true;
}

bool RolloutReconciler::Compared(std::vector<reconciler::OutputReport> reports) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    if (!clients_.outputs.Add(std::move(reports), BytesOfReport<reconciler::OutputReport>))
      return false;
  }
  inbox_changed_.notify_one();
  return true;
}

std::map<std::string, InboxState> RolloutReconciler::InboxStates() const {
  const std::scoped_lock lock(inbox_mutex_);
  return {{"reports", StateOf(clients_.reports)},
          {"acks", StateOf(clients_.acks)},
          {"outputs", StateOf(clients_.outputs)}};
}

void RolloutReconciler::Measured(reconciler::Measurement measurement) {
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.measurements.push_back(std::move(measurement));
  }
  inbox_changed_.notify_one();
}

std::future<Result<VerbAnswer>> RolloutReconciler::Submit(std::string map,
                                                          reconciler::Command command) {
  PendingCommand pending{std::move(map), std::move(command), {}};
  auto answer = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.commands.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return answer;
}

std::future<void> RolloutReconciler::Wish(SourceWish wish) {
  PendingWish pending{std::move(wish), {}};
  auto done = pending.promise.get_future();
  {
    const std::scoped_lock lock(inbox_mutex_);
    inbox_.wishes.push_back(std::move(pending));
  }
  inbox_changed_.notify_one();
  return done;
}

void RolloutReconciler::Wait(Duration duration) {
  std::unique_lock lock(inbox_mutex_);
  inbox_changed_.wait_for(lock, duration, [this] {
    return woken_ || !clients_.reports.empty() || !clients_.acks.empty() ||
           !clients_.outputs.empty() || !inbox_.measurements.empty() || !inbox_.commands.empty() ||
           !inbox_.wishes.empty() || !inbox_.drifts.empty() || !inbox_.damages.empty() ||
           !inbox_.answers.empty();
  });
  woken_ = false;
}

void RolloutReconciler::Wake() {
  {
    const std::scoped_lock lock(inbox_mutex_);
    woken_ = true;
  }
  inbox_changed_.notify_one();
}

RolloutReconciler::Inbox RolloutReconciler::TakeInbox() {
  const std::scoped_lock lock(inbox_mutex_);
  Inbox taken = std::exchange(inbox_, {});
  taken.reports = clients_.reports.Take(kLanesPerRound);
  taken.acks = clients_.acks.Take(kLanesPerRound);
  taken.outputs = clients_.outputs.Take(kLanesPerRound);
  return taken;
}

}  // namespace portolan::controller
