// Reading maps: a whole one, one entry, many keys.
#include <algorithm>
#include <functional>
#include <set>

#include "controller/api/api.h"
#include "manifests/entries.h"
#include "mapcore/change_feed.h"
#include "reconciler/change_view.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using mapcore::MapVersion;

constexpr std::size_t kLookupKeysMax = 1'000;
constexpr std::size_t kLookupMapsMax = 100;
using Attributes = std::vector<std::pair<std::string, std::string>>;

Error NoMap(std::string_view map) {
  return {ErrorCode::kNotFound,
          "no version of map \"" + std::string(map) + "\" is served; see: portolan status"};
}

// One map as a request sees it; valid while the guard is.
struct View {
  const mapcore::LiveState* state;
  mapcore::LiveState::Choice choice;
  bool sees_sensitive;
  bool overlaid = true;  // with the overrides
  bool named = false;    // the arm was asked for by name
  const MapVersion& version() const { return *choice.version; }
  std::string_view arm() const { return mapcore::ArmName(choice.assignment.arm); }
  bool Masks(std::string_view key) const {
    return !sees_sensitive && manifests::IsSensitiveKey(state->sensitive, key);
  }
  std::optional<std::string_view> Find(std::string_view key) const {
    return overlaid ? state->Find(version(), key) : version().Find(key);
  }
  // A lookup of a client, as against somebody who asks for an arm by name.
  void CountLookup(std::string_view key) const {
    if (!named) state->CompareArms(key);
  }
  bool Overrides(std::string_view key) const { return overlaid && state->Overrides(key); }
  void ForEach(const std::function<void(std::string_view, std::string_view)>& visit) const {
    overlaid ? state->ForEach(version(), visit) : version().ForEach(visit);
  }
  mapcore::ChangeFeed feed() const {
    return {version(), overlaid ? state->overlay.get() : nullptr,
            sees_sensitive ? "" : mapcore::FeedPlace::MasksOf(state->sensitive)};
  }
  // What the answer's content depends on besides the arm.
  std::string content() const { return feed().now().ToString(); }
  std::string etag() const { return "\"" + content() + "." + std::string(arm()) + "\""; }
};

// Which map somebody asks for.
struct Asked {
  const Request& request;
  std::string_view map;
};

Result<View> ViewOf(const Api& api, mapcore::ReadGuard& guard, const Asked& asked,
                    const mapcore::Subject& subject) {
  const mapcore::LiveState* state = api.catalog.Find(guard, asked.map);
  if (state == nullptr) return NoMap(asked.map);
  View view{state, state->Choose(subject), asked.request.actor.scopes.Has(Scope::kSensitive)};
  if (view.choice.version == nullptr) return NoMap(asked.map);
  return view;
}

Result<View> ViewFor(const Api& api, mapcore::ReadGuard& guard, const Request& request,
                     const mapcore::Subject& subject) {
  return ViewOf(api, guard, {request, request.Param("map")}, subject);
}

// Who asks, for maps with `split: instance`.
std::string_view InstanceOf(const Request& request) {
  return request.QueryOr("instance", request.Header("Portolan-Instance"));
}

// The query's "attribute.NAME=TEXT".
Attributes AttributesOf(const Request& request) {
  constexpr std::string_view kPrefix = "attribute.";
  Attributes attributes;
  for (const auto& [name, text] : request.query)
    if (name.starts_with(kPrefix)) attributes.emplace_back(name.substr(kPrefix.size()), text);
  return attributes;
}

// `arm=` overrides the assignment, for people who compare.
Result<View> ViewByArm(const Api& api, mapcore::ReadGuard& guard, const Request& request) {
  const std::string_view map = request.Param("map");
  const std::string_view arm = request.QueryOr("arm", "");
  if (arm.empty()) {
    const Attributes attributes = AttributesOf(request);
    return ViewFor(api, guard, request,
                   {request.QueryOr("subject", ""), attributes, InstanceOf(request)});
  }
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
       version},
      request.actor.scopes.Has(Scope::kSensitive),
      /*overlaid=*/true,
      /*named=*/true};
}

void SetReadHeaders(Response& response, const View& view, std::string etag) {
  response.SetHeader("ETag", std::move(etag));
  response.SetHeader("Cache-Control", "no-cache");
  response.SetHeader("Vary", "Authorization");
  response.SetHeader("Portolan-Arm", std::string(view.arm()));
}

bool Unchanged(const Request& request, const std::string& etag) {
  const std::string_view known = request.Header("If-None-Match");
  return !known.empty() && known.find(etag) != std::string_view::npos;
}

std::string Preamble(std::string_view map, const View& view, std::string_view reason = "") {
  Value head;
  head.Set("map", map);
  head.Set("arm", view.arm());
  head.Set("digest", view.version().digest().ToString());
  head.Set("rollout", view.state->rollout);
  head.Set("step", view.state->step);
  head.Set("reason",
           reason.empty() ? mapcore::AssignReasonName(view.choice.assignment.reason) : reason);
  std::string text = WriteJson(head);
  text.pop_back();
  return text;
}

// The members of a JSON object, one per entry, as this reader may see them.
class EntryText {
 public:
  explicit EntryText(const View& view) : view_(view) {}

  void Add(std::string_view key, std::string_view canonical) {
    if (!text_.empty()) text_ += ',';
    text_ += WriteJson(Value(key));
    text_ += ':';
    if (view_.Overrides(key)) overridden_.emplace_back(key);
    if (view_.Masks(key)) {
      masked_.emplace_back(key);
      text_ += WriteJson(Value(reconciler::MaskedValue(canonical)));
    } else {
      text_ += canonical;
    }
  }
  const std::string& text() const { return text_; }
  // The members `masked` and `overridden`, each behind a comma; nothing without one.
  std::string Marks() && {
    return Member("masked", std::move(masked_)) + Member("overridden", std::move(overridden_));
  }

 private:
  static std::string Member(std::string_view name, Value::Array keys) {
    if (keys.empty()) return "";
    return ",\"" + std::string(name) + "\":" + WriteJson(Value(std::move(keys)));
  }

  const View& view_;
  std::string text_;
  Value::Array masked_;
  Value::Array overridden_;
};

Result<Response> WholeMap(const Api& api, const Request& request) {
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(View view, ViewByArm(api, guard, request));
  view.overlaid = request.QueryOr("overrides", "") != "off";
  const std::string etag = "\"" + view.content() + "\"";
  Response response;
  SetReadHeaders(response, view, etag);
  if (Unchanged(request, etag)) {
    response.status = 304;
    return response;
  }
  EntryText entries(view);
  view.ForEach([&](std::string_view key, std::string_view value) { entries.Add(key, value); });
  response.body = Preamble(request.Param("map"), view) + ",\"entries\":{" + entries.text() + "}" +
                  std::move(entries).Marks() + "}\n";
  response.content_type = "application/json";
  return response;
}

// The version that a mirror says it holds, if it is one that this map has or had: another one's
// keys are nobody's business here. Null when it is not, or cannot be read any more.
mapcore::VersionPtr VersionOf(const Api& api, const mapcore::LiveState& state,
                              const Request& request, const Digest& digest) {
  for (const mapcore::VersionPtr& served : {state.stable, state.canary})
    if (served != nullptr && served->digest() == digest) return served;
  const auto rollout = api.rollouts.Find(request.Param("map"));
  if (rollout == nullptr || std::ranges::none_of(rollout->history, [&](const auto& entry) {
        return entry.version.digest == digest;
      }))
    return nullptr;
  auto version = api.versions.Get(digest);
  return version.ok() ? *std::move(version) : nullptr;
}

Result<Response> ChangesSince(const Api& api, const Request& request) {
  // A query's "+" is a blank, unless it was encoded.
  std::string place(request.QueryOr("since", ""));
  std::ranges::replace(place, ' ', '+');
  PORTOLAN_TRY(const mapcore::FeedPlace since, mapcore::FeedPlace::Parse(place));
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(View view, ViewByArm(api, guard, request));
  view.overlaid = request.QueryOr("overrides", "") != "off";
  const mapcore::VersionPtr held = VersionOf(api, *view.state, request, since.version);
  const mapcore::ChangeFeed feed = view.feed();
  EntryText set(view);
  Value::Array erased;
  const auto extent = feed.Since(since, held.get(),
                                 [&](std::string_view key, std::optional<std::string_view> value) {
                                   if (value)
                                     set.Add(key, *value);
                                   else
                                     erased.emplace_back(key);
                                 });
  Response response;
  SetReadHeaders(response, view, "\"" + view.content() + "\"");
  response.body =
      Preamble(request.Param("map"), view) +
      ",\"since\":" + WriteJson(Value(feed.now().ToString())) +
      ",\"whole\":" + (extent == mapcore::ChangeFeed::Extent::kWhole ? "true" : "false") +
      ",\"set\":{" + set.text() + "},\"erased\":" + WriteJson(Value(std::move(erased))) +
      std::move(set).Marks() + "}\n";
  response.content_type = "application/json";
  return response;
}

Result<Response> OneEntry(const Api& api, const Request& request) {
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(const View view, ViewByArm(api, guard, request));
  const std::string_view key = request.Param("key");
  view.CountLookup(key);
  const auto value = view.Find(key);
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
  const bool masked = view.Masks(key);
  response.body = Preamble(request.Param("map"), view, view.Overrides(key) ? "override" : "") +
                  ",\"key\":" + WriteJson(Value(key)) + ",\"value\":" +
                  (masked ? WriteJson(Value(reconciler::MaskedValue(*value))) + ",\"masked\":true"
                          : std::string(*value)) +
                  "}\n";
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

// The wanted keys of one map as a JSON object, and those that it lacks.
Result<std::string> ValuesText(const View& view, const Value& keys, std::string_view map) {
  if (!keys.is_array())
    return Error{ErrorCode::kInvalid,
                 "keys: expected a list of keys, for example {\"keys\": [\"api/search\"]}"};
  if (keys.as_array().size() > kLookupKeysMax)
    return Error{ErrorCode::kInvalid, "keys: " + std::to_string(keys.as_array().size()) +
                                          " keys, at most 1000 in one lookup"};
  EntryText values(view);
  Value::Array missing;
  std::set<std::string_view> asked;
  for (const Value& key : keys.as_array()) {
    if (!key.is_string())
      return Error{ErrorCode::kInvalid,
                   "keys: expected texts, found a " + std::string(KindName(key.kind()))};
    if (!asked.insert(key.as_string()).second) continue;
    view.CountLookup(key.as_string());
    if (const auto value = view.Find(key.as_string())) {
      values.Add(key.as_string(), *value);
    } else {
      missing.push_back(key);
    }
  }
  return Preamble(map, view) + ",\"values\":{" + values.text() +
         "},\"missing\":" + WriteJson(Value(std::move(missing))) + std::move(values).Marks() + "}";
}

Result<Response> Lookup(const Api& api, const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(const Attributes attributes, AttributesOf(body));
  const Value* keys = body.Find("keys");
  const mapcore::Subject subject{body.StringOr("subject", request.QueryOr("subject", "")),
                                 attributes, body.StringOr("instance", InstanceOf(request))};
  mapcore::ReadGuard guard;
  PORTOLAN_TRY(const View view, ViewFor(api, guard, request, subject));
  PORTOLAN_TRY(std::string text,
               ValuesText(view, keys == nullptr ? Value() : *keys, request.Param("map")));
  Response response;
  SetReadHeaders(response, view, view.etag());
  response.body = std::move(text) + "\n";
  response.content_type = "application/json";
  return response;
}

// Keys of several maps for one subject, all from one moment of the catalog: of maps that move
// together both sides are the same, the new one or the old one.
Result<Response> LookupMaps(const Api& api, const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(const Attributes attributes, AttributesOf(body));
  const Value* maps = body.Find("maps");
  if (maps == nullptr || !maps->is_object() || maps->as_object().size() > kLookupMapsMax)
    return Error{ErrorCode::kInvalid,
                 "maps: expected an object of at most 100 maps with their keys, for example "
                 "{\"maps\": {\"limits\": [\"api/search\"]}}"};
  const mapcore::Subject subject{body.StringOr("subject", ""), attributes,
                                 body.StringOr("instance", InstanceOf(request))};
  mapcore::ReadGuard guard;
  std::string found;
  for (const auto& [map, keys] : maps->as_object()) {
    PORTOLAN_TRY(const View view, ViewOf(api, guard, {request, map}, subject));
    PORTOLAN_TRY(const std::string text, ValuesText(view, keys, map));
    found += (found.empty() ? "" : ",") + text;
  }
  Response response;
  response.SetHeader("Cache-Control", "no-cache");
  response.body = "{\"maps\":[" + found + "]}\n";
  response.content_type = "application/json";
  return response;
}

Response AllMaps(const Api& api) {
  Value value;
  value.Set("maps", StatusOfAll(api));
  return JsonResponse(value);
}

}  // namespace

void AddMapRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/maps", Scope::kRead,
             [&api](const Request&) -> Result<Response> { return AllMaps(api); });
  router.Add("POST", "/v1/lookup", Scope::kRead,
             [&api](const Request& request) { return LookupMaps(api, request); });
  router.Add("GET", "/v1/maps/{map}", Scope::kRead,
             [&api](const Request& request) { return WholeMap(api, request); });
  router.Add("GET", "/v1/maps/{map}/changes", Scope::kRead,
             [&api](const Request& request) { return ChangesSince(api, request); });
  router.Add("GET", "/v1/maps/{map}/entries/{key}", Scope::kRead,
             [&api](const Request& request) { return OneEntry(api, request); });
  router.Add("POST", "/v1/maps/{map}/lookup", Scope::kRead,
             [&api](const Request& request) { return Lookup(api, request); });
}

}  // namespace portolan::controller
