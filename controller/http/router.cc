#include "controller/http/router.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <set>

#include "controller/http/problem.h"

namespace portolan::controller {
namespace {

bool IsParameter(std::string_view segment) {
  return !segment.empty() && segment.front() == '{';
}

std::vector<std::string> SplitPattern(std::string_view pattern) {
  assert(!pattern.empty() && pattern.front() == '/');
  std::vector<std::string> segments;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    assert(!segment.empty());
    assert(!IsParameter(segment) || segment.back() == '}');
    segments.emplace_back(segment);
    pattern.remove_prefix(std::min(pattern.size(), segment.size() + 1));
  }
  return segments;
}

// Literals before parameters at the first position that differs.
// The table is sorted so, and the first match is the right one.
bool MoreLiteral(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const std::string& x, const std::string& y) {
                                        if (IsParameter(x) || IsParameter(y))
                                          return !IsParameter(x) && IsParameter(y);
                                        return x < y;
                                      });
}

// Literals against the raw segments: "%76%31" is not "v1".
bool Matches(const std::vector<std::string>& pattern, const std::vector<std::string>& raw) {
  return std::equal(pattern.begin(), pattern.end(), raw.begin(), raw.end(),
                    [](const std::string& want, const std::string& have) {
                      return IsParameter(want) || want == have;
                    });
}

bool Answers(const Route& route, std::string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

Error Unauthenticated(Scope scope) {
  return {ErrorCode::kUnauthenticated, "this needs a token with the scope " +
                                           std::string(ScopeName(scope)) +
                                           "; send it as Authorization: Bearer <token>"};
}

}  // namespace

Router::Router(const Authenticator& authenticator, FailureSink on_failure)
    : authenticator_(authenticator), on_failure_(std::move(on_failure)) {}

void Router::Add(std::string_view method, std::string_view pattern, Scope scope, Handler handler) {
  Entry entry{{std::string(method), std::string(pattern), scope},
              SplitPattern(pattern),
              std::move(handler)};
  const auto place = std::upper_bound(
      entries_.begin(), entries_.end(), entry,
      [](const Entry& a, const Entry& b) { return MoreLiteral(a.segments, b.segments); });
  assert(std::none_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
    return other.route.method == entry.route.method &&
           !MoreLiteral(other.segments, entry.segments) &&
           !MoreLiteral(entry.segments, other.segments);
  }));
  entries_.insert(place, std::move(entry));
}

std::vector<Route> Router::routes() const {
  std::vector<Route> routes;
  for (const Entry& entry : entries_) routes.push_back(entry.route);
  std::sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) {
    return std::tie(a.pattern, a.method) < std::tie(b.pattern, b.method);
  });
  return routes;
}

Response Router::Serve(Request& request) const {
  Response response = Dispatch(request);
  AddSecurityHeaders(response);
  // RFC 9110 section 11.6.1 requires a challenge with each 401.
  if (response.status == 401) response.SetHeader("WWW-Authenticate", "Bearer realm=\"portolan\"");
  if (!request.id.empty()) response.SetHeader("X-Request-Id", request.id);
  return response;
}

// The route before the rights: which paths exist is no secret (docs/http-api.md), and the scope
// that is needed is the route's.
Response Router::Dispatch(Request& request) const {
  auto target = ParseTarget(request.target);
  if (!target.ok()) return ProblemResponse(target.error());
  Response refusal;
  const Entry* entry = Find(request, *target, refusal);
  if (entry == nullptr) return refusal;

  request.route = entry->route.pattern;
  request.query = std::move(target->query);
  request.path_params.clear();
  for (std::size_t i = 0; i < entry->segments.size(); ++i) {
    const std::string& segment = entry->segments[i];
    if (!IsParameter(segment)) continue;
    request.path_params[segment.substr(1, segment.size() - 2)] = std::move(target->segments[i]);
  }
  const Status authorised = Authorise(*entry, request);
  if (!authorised.ok()) return ProblemResponse(authorised.error());
  return Handle(*entry, request);
}

const Router::Entry* Router::Find(const Request& request, const Target& target,
                                  Response& refusal) const {
  std::set<std::string> allowed;
  for (const Entry& entry : entries_) {
    if (!Matches(entry.segments, target.raw_segments)) continue;
    if (Answers(entry.route, request.method)) return &entry;
    allowed.insert(entry.route.method);
    if (entry.route.method == "GET") allowed.insert("HEAD");
  }
  if (allowed.empty()) {
    refusal = ProblemResponse(Error{ErrorCode::kNotFound, "no route has this path"});
    return nullptr;
  }
  std::string allow;
  for (const std::string& method : allowed) allow += (allow.empty() ? "" : ", ") + method;
  // RFC 9110 section 15.5.6: a 405 lists the methods that the path has.
  refusal = ProblemResponse(405, "method_not_allowed", "this path answers to " + allow);
  refusal.SetHeader("Allow", allow);
  return nullptr;
}

// Unknown callers and wrong secrets get the same bytes.
Status Router::Authorise(const Entry& entry, Request& request) const {
  request.actor = Actor();
  const Scope scope = entry.route.scope;
  if (scope == Scope::kNone) return {};
  auto actor = authenticator_.Authenticate(request);
  if (!actor.ok()) {
    if (actor.error().code == ErrorCode::kUnauthenticated) return Unauthenticated(scope);
    return std::move(actor).error();
  }
  request.actor = std::move(actor).value();
  if (request.actor.scopes.Has(scope)) return {};
  if (request.actor.anonymous()) return Unauthenticated(scope);
  return Error{ErrorCode::kDenied,
               request.actor.name + " does not have the scope " + std::string(ScopeName(scope))};
}

// The one place where an exception of a handler ends: workers must not die of one.
Response Router::Handle(const Entry& entry, const Request& request) const {
  try {
    auto response = entry.handler(request);
    if (!response.ok()) return Fail(request, response.error());
    return std::move(response).value();
  } catch (const std::exception& exception) {
    return Fail(request, {ErrorCode::kInternal, exception.what()});
  }
}

Response Router::Fail(const Request& request, const Error& error) const {
  const bool hidden = error.code == ErrorCode::kInternal || error.code == ErrorCode::kCorrupt;
  if (hidden && on_failure_) on_failure_(request, error);
  return ProblemResponse(error);
}

}  // namespace portolan::controller
