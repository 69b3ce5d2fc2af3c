#include "controller/regulated/regulated_desk.h"

#include <algorithm>

#include "controller/http/hmac.h"
#include "controller/regulated/answer.h"

namespace portolan::controller {
namespace {

constexpr Duration kRetryFirst = std::chrono::seconds(1);
constexpr Duration kRetryMax = std::chrono::minutes(5);
constexpr Duration kIdle = std::chrono::seconds(10);

bool Taken(int status) {
  return status >= 200 && status < 300;
}

reconciler::Event EventOf(const ExternalQuestion& question, bool taken, std::string message) {
  reconciler::Event event;
  event.map = question.map;
  event.source = question.source;
  event.type = taken ? "Normal" : "Warning";
  event.reason = taken ? "AnswerRequested" : "WebhookFailing";
  event.message = std::move(message);
  event.actor = "controller";
  event.data = manifests::Value::Object{{"plan", question.plan.ToString()}};
  return event;
}

}  // namespace

void RegulatedDesk::Ask(ExternalQuestion question) {
  {
    const std::scoped_lock lock(mutex_);
    Entry& entry = entries_[question.map];
    if (entry.question.plan == question.plan) return;
    entry = {std::move(question)};
    woken_ = true;
  }
  changed_.notify_one();
}

void RegulatedDesk::Drop(const std::string& map) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(map);
}

Result<ExternalAnswer> RegulatedDesk::Check(const SignedAnswer& answer, const std::string& map,
                                            const Digest& plan, WallTime given) const {
  PORTOLAN_TRY(const Signers signers, hooks_.read_signers());
  return VerifyAnswer(answer, {map, plan, given, settings_.max_age}, signers);
}

Result<int> RegulatedDesk::Post(const ExternalQuestion& question) {
  HttpClient::Call call;
  call.method = "POST";
  call.target = settings_.target;
  call.body = manifests::CanonicalJson(question.body);
  call.headers = {{"Portolan-Plan", question.plan.ToString()}};
  if (!settings_.secret.empty())
    call.headers.emplace_back("X-Hub-Signature-256",
                              "sha256=" + HmacSha256Hex(settings_.secret, call.body));
  call.deadline = settings_.deadline;
  call.cancellation = &cancellation_;
  PORTOLAN_TRY(const ClientResponse response, hooks_.post(call));
  return response.status;
}

// A question that was replaced or dropped meanwhile is not concluded. Failing is said once a
// question, not at each repetition.
void RegulatedDesk::Conclude(const ExternalQuestion& question, const Result<int>& status,
                             Duration mono) {
  const bool taken = status.ok() && Taken(*status);
  bool first_failure = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(question.map);
    if (found == entries_.end() || found->second.question.plan != question.plan) return;
    Entry& entry = found->second;
    entry.told = taken;
    if (taken) {
      entry.question.body = {};
    } else {
      first_failure = entry.failures++ == 0;
      entry.due = mono + std::min(kRetryMax, kRetryFirst * (1 << std::min(entry.failures - 1, 12)));
    }
  }
  const std::string plan = "plan " + question.plan.Short() + " of " + question.map;
  if (taken)
    return hooks_.event(
        EventOf(question, true,
                plan + " was posted to " + settings_.webhook + "; it waits for a signed answer"));
  if (!first_failure) return;
  // The client's own words for silence are about daemons.
  const std::string why = status.ok() ? "it answered " + std::to_string(*status)
                          : status.error().code == ErrorCode::kUnavailable ? "nobody answers there"
                                                                           : status.error().message;
  hooks_.event(EventOf(question, false,
                       plan + " could not be posted to " + settings_.webhook + ": " + why +
                           "; it is tried again, and the plan can be answered meanwhile"));
}

Duration RegulatedDesk::Process(const Now& now) {
  std::vector<ExternalQuestion> due;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [map, entry] : entries_)
      if (!entry.told && entry.due <= now.mono) due.push_back(entry.question);
  }
  for (const ExternalQuestion& question : due) {
    if (cancellation_.cancelled()) return kIdle;
    Conclude(question, Post(question), now.mono);
  }
  Duration next = kIdle;
  const std::scoped_lock lock(mutex_);
  for (const auto& [map, entry] : entries_)
    if (!entry.told) next = std::min(next, std::max(entry.due - now.mono, Duration(0)));
  return next;
}

void RegulatedDesk::Wait(Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [this] { return woken_; });
  woken_ = false;
}

void RegulatedDesk::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void RegulatedDesk::Stop() {
  cancellation_.Cancel();
  Wake();
}

}  // namespace portolan::controller
