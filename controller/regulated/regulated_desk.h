#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "controller/http/client.h"
#include "controller/reconcile/external_approval.h"
#include "controller/signature/signers.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// Where those who answer for regulated maps are told of plans, and how their answers are verified.
// The questions are posted by a thread of their own: the control loop and the sources never wait
// for the webhook. One that fails is repeated, 1 s later at first, 5 min at most, until it was
// taken (2xx), a newer plan of the map replaces it, or the map waits no more. After a restart what
// still waits is asked once more: who receives it tells repetitions by the header Portolan-Plan.
class RegulatedDesk final : public ExternalApproval {
 public:
  using Transport = std::function<Result<ClientResponse>(const HttpClient::Call&)>;
  struct Settings {
    std::string webhook;  // for messages
    std::string target;   // its path
    std::string secret;   // signs what is posted, as hooks are signed; empty: unsigned
    Duration deadline = std::chrono::seconds(5);  // of one call
    Duration max_age = std::chrono::hours(24);    // of an answer that comes in
  };
  struct Hooks {
    Transport post;
    std::function<Result<Signers>()> read_signers;  // at each answer: a key may be taken out
    std::function<void(reconciler::Event)> event;   // AnswerRequested, WebhookFailing
  };

  RegulatedDesk(Settings settings, Hooks hooks)
      : settings_(std::move(settings)), hooks_(std::move(hooks)) {}

  void Ask(ExternalQuestion question) override;
  void Drop(const std::string& map) override;
  Result<ExternalAnswer> Check(const SignedAnswer& answer, const std::string& map,
                               const Digest& plan, WallTime given) const override;

  // The loop of its thread: posts what is due. Returns how long nothing will be.
  Duration Process(const Now& now);
  void Wait(Duration duration);
  void Wake();
  // Ends a call under way, and posts nothing more.
  void Stop();

 private:
  struct Entry {
    ExternalQuestion question;
    Duration due{0};  // monotonic
    int failures = 0;
    bool told = false;
  };
  Result<int> Post(const ExternalQuestion& question);
  void Conclude(const ExternalQuestion& question, const Result<int>& status, Duration mono);

  const Settings settings_;
  const Hooks hooks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Entry> entries_;  // by map
  bool woken_ = false;
  Cancellation cancellation_;
};

}  // namespace portolan::controller
