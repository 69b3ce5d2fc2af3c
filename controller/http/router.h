#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.h"
#include "controller/http/target.h"

namespace portolan::controller {

// Says who a caller is, from the Authorization header or the unix peer. Implementations are
// thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // A caller that shows nothing is the anonymous actor (which may have scopes, say read). Errors:
  // kUnauthenticated for credentials that are wrong, kUnavailable when they cannot be checked now.
  virtual Result<Actor> Authenticate(const Request& request) const = 0;
};

// One row of the route table.
struct Route {
  std::string method;
  std::string pattern;
  Scope scope = Scope::kNone;
};

// Maps a request to its handler: one spelling per path, authorisation before the handler, errors as
// problem+json. Routes are added before the first request; then Serve is thread-safe. Matching
// costs O(routes).
class Router {
 public:
  // Runs only for an authorised caller. An Error becomes a problem response.
  using Handler = std::function<Result<Response>(const Request&)>;
  // Told of every kInternal and kCorrupt error and every exception, whose text the answer hides.
  // Thread-safe.
  using FailureSink = std::function<void(const Request&, const Error&)>;

  // `authenticator` outlives the router.
  explicit Router(const Authenticator& authenticator, FailureSink on_failure = {});

  // `pattern` is literal segments and whole-segment parameters: "/v1/maps/{map}/entries/{key}".
  // Literals are compared with the raw target, byte by byte, and win over parameters. A GET route
  // also answers HEAD. Adding the same method and shape twice is a programmer error.
  void Add(std::string_view method, std::string_view pattern, Scope scope, Handler handler);

  // Never fails: 400 or 404 for a target out of its normal form, 404 for an unknown path, 405 with
  // Allow, 401, 403, then the handler's answer. Fills the request's route, path_params, query and
  // actor.
  Response Serve(Request& request) const;

  // Every route, sorted by pattern; a test proves from it that each one is authorised.
  std::vector<Route> routes() const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;
    Handler handler;
  };

  Response Dispatch(Request& request) const;
  // The entry to serve, or null after a 404 or 405 was put into `refusal`.
  const Entry* Find(const Request& request, const Target& target, Response& refusal) const;
  Status Authorise(const Entry& entry, Request& request) const;
  Response Handle(const Entry& entry, const Request& request) const;
  Response Fail(const Request& request, const Error& error) const;

  const Authenticator& authenticator_;
  FailureSink on_failure_;
  std::vector<Entry> entries_;  // sorted so that the first match is the most literal one
};

}  // namespace portolan::controller
