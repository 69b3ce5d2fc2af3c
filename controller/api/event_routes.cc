// What happened, as a list and as a stream that resumes.
#include "controller/api/api.h"
#include "reconciler/rollout/group.h"

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::size_t kEventsDefault = 500;
constexpr std::size_t kEventsPageMax = 5'000;
constexpr Duration kHeartbeat = std::chrono::seconds(10);

// The group that the map moves with, whose events are the map's too.
std::string GroupOf(const Api& api, std::string_view map) {
  const auto rollout = map.empty() ? nullptr : api.rollouts.Find(map);
  if (rollout == nullptr || rollout->group.empty()) return "";
  return reconciler::GroupName(rollout->group);
}

Result<Response> ListEvents(const Api& api, const Request& request, std::uint64_t after) {
  PORTOLAN_TRY(const std::uint64_t limit,
               NumberOf(request.QueryOr("limit", ""), "limit", kEventsDefault));
  const std::string group = GroupOf(api, request.QueryOr("map", ""));
  PORTOLAN_TRY(const std::vector<reconciler::Event> events,
               api.store.Events({.after = after,
                                 .limit = std::min<std::uint64_t>(limit, kEventsPageMax),
                                 .map = request.QueryOr("map", ""),
                                 .also = group}));
  Value::Array found;
  for (const reconciler::Event& event : events) found.push_back(EventToValue(event));
  const std::uint64_t last = events.empty() ? after : events.back().sequence;
  Value value;
  value.Set("events", std::move(found));
  value.Set("last", last);
  return JsonResponse(value);
}

// Sends what is stored after `last`, which it moves on. False when the reader is gone or the store
// fails: the reader connects again and resumes.
bool SendNew(const Api& api, StreamWriter& writer, std::string_view map, std::uint64_t& last) {
  for (;;) {
    const std::string group = GroupOf(api, map);
    const auto events =
        api.store.Events({.after = last, .limit = kEventsDefault, .map = map, .also = group});
    if (!events.ok()) return false;
    if (events->empty()) return true;
    for (const reconciler::Event& event : *events) {
      last = event.sequence;
      if (!writer.Write("id: " + std::to_string(event.sequence) +
                        "\ndata: " + WriteJson(EventToValue(event)) + "\n\n"))
        return false;
    }
  }
}

Response Stream(const Api& api, std::string map, std::uint64_t after) {
  return EventStreamResponse(
      [&api, map = std::move(map), last = after](StreamWriter& writer) mutable {
        writer.OnStop([&api] { api.signal.Notify(); });
        while (!writer.closed()) {
          const std::uint64_t seen = api.signal.count();
          if (!SendNew(api, writer, map, last)) return;
          api.signal.WaitFor(seen, kHeartbeat, [&writer] { return writer.closed(); });
          if (api.signal.count() == seen && !writer.Write(": idle\n\n")) return;
        }
      });
}

}  // namespace

void AddEventRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/events", Scope::kRead, [&api](const Request& request) -> Result<Response> {
    PORTOLAN_TRY(const std::uint64_t after,
                 NumberOf(request.QueryOr("after", request.Header("Last-Event-ID")), "after", 0));
    if (request.Header("Accept").find("text/event-stream") == std::string_view::npos)
      return ListEvents(api, request, after);
    return Stream(api, std::string(request.QueryOr("map", "")), after);
  });
}

}  // namespace portolan::controller
