#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "controller/http/router.h"
#include "controller/reconcile/rollout_reconciler.h"
#include "controller/reconcile/source_reconciler.h"
#include "mapcore/live_map.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// Of the reason that a caller gives: for a verb, a rejection, a rollback of policies.
constexpr std::size_t kReasonBytesMax = 1'000;

// Tells waiting event streams that something was stored. Thread-safe.
class EventSignal {
 public:
  void Notify();
  std::uint64_t count() const;
  // Waits until the count is not `seen` any more, that long at most, or until `stopped` says so
  // after a Notify.
  void WaitFor(std::uint64_t seen, Duration duration, const std::function<bool()>& stopped);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t count_ = 0;
};

// What the routes serve from: the daemon's parts, which outlive the router.
struct Api {
  const mapcore::Catalog& catalog;
  VersionCache& versions;
  RolloutReconciler& rollouts;
  std::map<std::string, SourceReconciler*> sources;
  reconciler::StateStore& store;
  const Clock& clock;
  EventSignal& signal;
  std::string version;
  std::string store_id;
  std::string environment;
  WallTime started;
  std::string hook_secret;               // empty: hooks are taken unsigned (loopback only)
  std::function<std::string()> metrics;  // Prometheus text
  std::shared_ptr<const People> people = std::make_shared<const People>();
  ExternalApproval* external = nullptr;  // null: regulated maps go nowhere
};

// The routes of docs/http-api.md. `api` outlives the router.
void AddRoutes(Router& router, Api& api);

// The groups of it.
void AddMapRoutes(Router& router, Api& api);
void AddStatusRoutes(Router& router, Api& api);
void AddWhyRoutes(Router& router, Api& api);
void AddReportRoutes(Router& router, Api& api);
void AddShadowRoutes(Router& router, Api& api);
void AddAckRoutes(Router& router, Api& api);
void AddVerbRoutes(Router& router, Api& api);
void AddAnswerRoutes(Router& router, Api& api);
void AddAuditRoutes(Router& router, Api& api);
void AddPlanRoutes(Router& router, Api& api);
void AddPolicyRoutes(Router& router, Api& api);
void AddSourceRoutes(Router& router, Api& api);
void AddEventRoutes(Router& router, Api& api);
void AddDriftRoutes(Router& router, Api& api);
void AddSystemRoutes(Router& router, Api& api);

// The JSON object of a request's body; an empty body is an empty object. Errors: kInvalid.
Result<manifests::Value> BodyObject(const Request& request);

// The rollout of the map that the request names. Errors: kNotFound.
Result<std::shared_ptr<const reconciler::Rollout>> RolloutOf(const Api& api,
                                                             const Request& request);
// The record of a plan. Errors: kNotFound, and those of the store.
Result<manifests::Value> StoredPlan(const Api& api, const Digest& plan);
// Gives every stored plan to `each`, by digest; a record that cannot be read is left out. Those of
// changes of policies are among them. Reads and parses all: milliseconds for a hundred. Errors: of
// the store.
Status ForEachPlan(const Api& api, const std::function<void(manifests::Value record)>& each);

// A version as {key: value}. Errors: kNotFound when it is not stored any more, kCorrupt.
Result<manifests::Value> EntriesOf(const Api& api, const Digest& digest);
// A query's number; an empty text is the fallback. Errors: kInvalid, naming it.
Result<std::uint64_t> NumberOf(std::string_view text, std::string_view name,
                               std::uint64_t fallback);

manifests::Value EventToValue(const reconciler::Event& event);

// MapStatus of docs/http-api.md, with why the newest commit's declaration of the map is rejected.
manifests::Value StatusOf(const Api& api, const reconciler::Rollout& rollout);
// The same of every map that was admitted, by name; each source is asked once.
manifests::Value::Array StatusOfAll(const Api& api);

// What a command to a map answers, after the policies were asked again when it approves.
Result<Response> RunCommand(Api& api, const std::string& map, const reconciler::Command& command);

// Why the daemon is not ready, in sentences; empty when every map that has a version is served and
// stored.
std::vector<std::string> ReasonsNotReady(const Api& api);

}  // namespace portolan::controller
