#include "controller/api/api.h"

#include <charconv>

#include "reconciler/status.h"

namespace portolan::controller {

using manifests::Value;

void EventSignal::Notify() {
  {
    const std::scoped_lock lock(mutex_);
    ++count_;
  }
  changed_.notify_all();
}

std::uint64_t EventSignal::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

void EventSignal::WaitFor(std::uint64_t seen, Duration duration,
                          const std::function<bool()>& stopped) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [&] { return count_ != seen || stopped(); });
}

void AddRoutes(Router& router, Api& api) {
  AddMapRoutes(router, api);
  AddStatusRoutes(router, api);
  AddWhyRoutes(router, api);
  AddReportRoutes(router, api);
  AddShadowRoutes(router, api);
  AddAckRoutes(router, api);
  AddVerbRoutes(router, api);
  AddAnswerRoutes(router, api);
  AddAuditRoutes(router, api);
  AddPlanRoutes(router, api);
  AddPolicyRoutes(router, api);
  AddSourceRoutes(router, api);
  AddEventRoutes(router, api);
  AddDriftRoutes(router, api);
  AddSystemRoutes(router, api);
}

Result<Value> BodyObject(const Request& request) {
  if (request.body.empty()) return Value(Value::Object{});
  PORTOLAN_TRY(Value body, manifests::ParseJson(request.body));
  if (!body.is_object())
    return Error{ErrorCode::kInvalid, "the body is a JSON " + std::string(KindName(body.kind())) +
                                          ", expected an object"};
  return body;
}

Value EventToValue(const reconciler::Event& event) {
  Value value;
  value.Set("sequence", event.sequence);
  value.Set("time", FormatTime(event.time));
  value.Set("map", event.map);
  value.Set("source", event.source);
  value.Set("type", event.type);
  value.Set("reason", event.reason);
  value.Set("message", event.message);
  value.Set("actor", event.actor);
  value.Set("data", event.data);
  value.Set("hash", event.hash);
  return value;
}

namespace {

using Rejections = decltype(SourceStatus::rejected);

Value StatusWith(const reconciler::Rollout& rollout, const Rejections& rejections, WallTime now) {
  Value status = reconciler::MapStatusToValue(rollout, now);
  Value::Array rejected;
  if (const auto found = rejections.find(rollout.map); found != rejections.end())
    for (const auto& diagnostic : found->second)
      rejected.emplace_back(FormatDiagnostic(diagnostic));
  if (!rejected.empty()) {
    status.Set("sync", "Diverged");
    status.Set("syncReason", "InvalidManifests");
  }
  status.Set("rejected", std::move(rejected));
  return status;
}

}  // namespace

Value StatusOf(const Api& api, const reconciler::Rollout& rollout) {
  const auto source = api.sources.find(rollout.source);
  const SourceStatus from = source == api.sources.end() ? SourceStatus{} : source->second->status();
  return StatusWith(rollout, from.rejected, api.clock.now().wall);
}

Value::Array StatusOfAll(const Api& api) {
  std::map<std::string, SourceStatus> sources;
  for (const auto& [name, source] : api.sources) sources[name] = source->status();
  const WallTime now = api.clock.now().wall;
  Value::Array maps;
  for (const auto& rollout : api.rollouts.All())
    if (rollout->phase != reconciler::Phase::kPending)
      maps.push_back(StatusWith(*rollout, sources[rollout->source].rejected, now));
  return maps;
}

Result<std::shared_ptr<const reconciler::Rollout>> RolloutOf(const Api& api,
                                                             const Request& request) {
  auto rollout = api.rollouts.Find(request.Param("map"));
  if (rollout == nullptr)
    return Error{ErrorCode::kNotFound,
                 "no map \"" + std::string(request.Param("map")) + "\"; see: portolan status"};
  return rollout;
}

Result<std::uint64_t> NumberOf(std::string_view text, std::string_view name,
                               std::uint64_t fallback) {
  if (text.empty()) return fallback;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return Error{
        ErrorCode::kInvalid,
        std::string(name) + " is \"" + std::string(text.substr(0, 40)) + "\", expected a number"};
  return number;
}

Result<Value> EntriesOf(const Api& api, const Digest& digest) {
  PORTOLAN_TRY(const mapcore::VersionPtr version, api.versions.Get(digest));
  Value::Object entries;
  Status read;
  version->ForEach([&](std::string_view key, std::string_view value) {
    auto parsed = manifests::ParseJson(value);
    if (parsed.ok())
      entries.emplace_back(std::string(key), *std::move(parsed));
    else
      read = parsed.error();
  });
  PORTOLAN_CHECK(read);
  return Value(std::move(entries));
}

Result<Value> StoredPlan(const Api& api, const Digest& plan) {
  auto record = api.store.Get("plan/" + plan.ToString());
  if (!record.ok() && record.error().code == ErrorCode::kNotFound)
    return Error{ErrorCode::kNotFound, "no plan " + plan.ToString() + " is stored"};
  PORTOLAN_TRY(const reconciler::Record found, std::move(record));
  return manifests::ParseJson(found.body, {.bytes = found.body.size() + 1});
}

Status ForEachPlan(const Api& api, const std::function<void(Value record)>& each) {
  PORTOLAN_TRY(const auto records, api.store.List("plan/"));
  for (const reconciler::Record& stored : records) {
    auto record = manifests::ParseJson(stored.body, {.bytes = stored.body.size() + 1});
    if (record.ok()) each(*std::move(record));
  }
  return {};
}

std::vector<std::string> ReasonsNotReady(const Api& api) {
  std::vector<std::string> reasons;
  for (const auto& rollout : api.rollouts.All()) {
    if (rollout->phase == reconciler::Phase::kPending) continue;
    mapcore::ReadGuard guard;
    if (rollout->stable && api.catalog.Find(guard, rollout->map) == nullptr)
      reasons.push_back("map " + rollout->map + " is not served yet");
  }
  if (!api.rollouts.journalled())
    reasons.emplace_back("Unjournalled: a change that is served could not be stored yet");
  return reasons;
}

}  // namespace portolan::controller
