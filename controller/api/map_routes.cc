// Reading maps: a whole one, one entry, many keys.
#include <set>

#include "controller/api/api.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using mapcore::MapVersion;

constexpr std::size_t kLookupKeysMax = 1'000;
using Attributes = std::vector<std::pair<std::string, std::string>>;

Error NoMap(std::string_view map) {
  return {ErrorCode::kNotFound,
          "no version of map \"" + std::string(map) + "\" is served; see: portolan status"};
}

// One map as a request sees it; valid while the guard is.
struct View {
  const mapcore::LiveState* state;
  mapcore::LiveState::Choice choice;
  const MapVersion& version() const { return *choice.version; }
  std::string_view arm() const { return mapcore::ArmName(choice.assignment.arm); }
  std::string etag() const {
    return "\"" + version().digest().ToString() + "." + std::string(arm()) + "\"";
  }
};

Result<View> ViewFor(const Api& api, mapcore::ReadGuard& guard, std::string_view map,
                     const mapcore::Subject& subject) {
  const mapcore::LiveState* state = api.catalog.Find(guard, map);
  if (state == nullptr) return NoMap(map);
  View view{state, state->Choose(subject)};
  if (view.choice.version == nullptr) return NoMap(map);
  return view;
}

// `arm=` overrides the assignment, for people who compare.
Result<View> ViewByArm(const Api& api, mapcore::ReadGuard& guard, const Request& request) {
  const std::string_view map = request.Param("map");
  const std::string_view arm = request.QueryOr("arm", "");
  if (arm.empty()) return ViewFor(api, guard, map, {request.QueryOr("subject", ""), {}});
  if (arm != "stable" && arm != "canary")
    return Error{ErrorCode::kInvalid,
                 "arm is \"" + std::string(arm) + "\", expected stable or canary"};
  const mapcore::LiveState* state = api.catalog.Find(guard, map);
  if (state == nullptr) return NoMap(map);
  const bool canary = arm == "canary";
  const MapVersion* version = canary ? state->canary.get() : state->stable.get();
  if (version == nullptr)
    return Error{ErrorCode::kNotFound,
                 "map \"" + std::string(map) + "\" has no " + std::string(arm) + " version now"};
  return View{
      state,
      {{canary ? mapcore::Arm::kCanary : mapcore::Arm::kStable, mapcore::AssignReason::kStatic},
       version}};
}

void SetReadHeaders(Response& response, const View& view, std::string etag) {
  response.SetHeader("ETag", std::move(etag));
  response.SetHeader("Cache-Control", "no-cache");
  response.SetHeader("Portolan-Arm", std::string(view.arm()));
}

bool Unchanged(const Request& request, const std::string& etag) {
  const std::string_view known = request.Header("If-None-Match");
  return !known.empty() && known.find(etag) != std::string_view::npos;
}

std::string Preamble(std::string_view map, const View& view) {
  Value head;
  head.Set("map", map);
  head.Set("arm", view.arm());
  head.Set("digest", view.version().digest().ToString());
  head.Set("rollout", view.state->rollout);
  head.Set("step", view.state->step);
  head.Set("reason", mapcore::AssignReasonName(view.choice.assignment.reason));
  std::string text = WriteJson(head);
  text.pop_back();
  return text;
}

void AppendMember(std::string& text, std::string_view key, std::string_view canonical, bool first) {
  if (!first) text += ',';
  text += WriteJson(Value(key));
  text += ':';
  text += canonical;
}

Result<Response> WholeMap(const Api& api, const Request& request) {
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(const View view, ViewByArm(api, guard, request));
  const std::string etag = "\"" + view.version().digest().ToString() + "\"";
  Response response;
  SetReadHeaders(response, view, etag);
  if (Unchanged(request, etag)) {
    response.status = 304;
    return response;
  }
  std::string body = Preamble(request.Param("map"), view) + ",\"entries\":{";
  bool first = true;
  view.version().ForEach([&](std::string_view key, std::string_view value) {
    AppendMember(body, key, value, first);
    first = false;
  });
  response.body = std::move(body) + "}}\n";
  response.content_type = "application/json";
  return response;
}

Result<Response> OneEntry(const Api& api, const Request& request) {
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(const View view, ViewByArm(api, guard, request));
  const std::string_view key = request.Param("key");
  const auto value = view.version().Find(key);
  if (!value)
    return Error{ErrorCode::kNotFound, "map \"" + std::string(request.Param("map")) +
                                           "\" has no key \"" + std::string(key) + "\" in its " +
                                           std::string(view.arm()) + " version"};
  Response response;
  SetReadHeaders(response, view, view.etag());
  if (Unchanged(request, view.etag())) {
    response.status = 304;
    return response;
  }
  std::string body = Preamble(request.Param("map"), view);
  body += ",\"key\":" + WriteJson(Value(key)) + ",\"value\":" + std::string(*value) + "}\n";
  response.body = std::move(body);
  response.content_type = "application/json";
  return response;
}

Result<Attributes> AttributesOf(const Value& body) {
  Attributes attributes;
  const Value* given = body.Find("attributes");
  if (given == nullptr) return attributes;
  if (!given->is_object())
    return Error{ErrorCode::kInvalid, "attributes: expected an object of texts"};
  for (const auto& [name, value] : given->as_object()) {
    if (!value.is_string())
      return Error{ErrorCode::kInvalid, "attributes." + name + ": expected a text"};
    attributes.emplace_back(name, value.as_string());
  }
  return attributes;
}

Result<Response> Lookup(const Api& api, const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(const Attributes attributes, AttributesOf(body));
  const Value* keys = body.Find("keys");
  if (keys == nullptr || !keys->is_array())
    return Error{ErrorCode::kInvalid,
                 "keys: expected a list of keys, for example {\"keys\": [\"api/search\"]}"};
  if (keys->as_array().size() > kLookupKeysMax)
    return Error{ErrorCode::kInvalid, "keys: " + std::to_string(keys->as_array().size()) +
                                          " keys, at most 1000 in one lookup"};
  const mapcore::Subject subject{body.StringOr("subject", request.QueryOr("subject", "")),
                                 attributes};
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(const View view, ViewFor(api, guard, request.Param("map"), subject));
  std::string text = Preamble(request.Param("map"), view) + ",\"values\":{";
  Value::Array missing;
  bool first = true;
  std::set<std::string_view> asked;
  for (const Value& key : keys->as_array()) {
    if (!key.is_string())
      return Error{ErrorCode::kInvalid,
                   "keys: expected texts, found a " + std::string(KindName(key.kind()))};
    if (!asked.insert(key.as_string()).second) continue;
    const auto value = view.version().Find(key.as_string());
    if (!value) {
      missing.push_back(key);
      continue;
    }
    AppendMember(text, key.as_string(), *value, first);
    first = false;
  }
  Response response;
  SetReadHeaders(response, view, view.etag());
  response.body = text + "},\"missing\":" + WriteJson(Value(std::move(missing))) + "}\n";
  response.content_type = "application/json";
  return response;
}

Response AllMaps(const Api& api) {
  Value::Array maps;
  for (const auto& rollout : api.rollouts.All())
    if (rollout->phase != reconciler::Phase::kPending) maps.push_back(StatusOf(api, *rollout));
  Value value;
  value.Set("maps", std::move(maps));
  return JsonResponse(value);
}

}  // namespace

void AddMapRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/maps", Scope::kRead,
             [&api](const Request&) -> Result<Response> { return AllMaps(api); });
  router.Add("GET", "/v1/maps/{map}", Scope::kRead,
             [&api](const Request& request) { return WholeMap(api, request); });
  router.Add("GET", "/v1/maps/{map}/entries/{key}", Scope::kRead,
             [&api](const Request& request) { return OneEntry(api, request); });
  router.Add("POST", "/v1/maps/{map}/lookup", Scope::kRead,
             [&api](const Request& request) { return Lookup(api, request); });
}

}  // namespace portolan::controller
