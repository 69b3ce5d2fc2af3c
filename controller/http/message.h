#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

// What a caller may do. Scopes do not imply each other; kNone marks a route open to everybody.
// `kSensitive` adds to kRead: the values of sensitive keys in clear, which services need and people
// seldom do.
enum class Scope : std::uint8_t {
  kNone = 0,
  kRead = 1,
  kReport = 2,
  kOperate = 4,
  kApprove = 8,
  kSensitive = 16,
};
inline constexpr Scope kAllScopes[] = {Scope::kRead, Scope::kReport, Scope::kOperate,
                                       Scope::kApprove, Scope::kSensitive};

std::string_view ScopeName(Scope scope);  // "none", "read", "report", …

class ScopeSet {
 public:
  ScopeSet() = default;
  ScopeSet(std::initializer_list<Scope> scopes) {
    for (Scope scope : scopes) Add(scope);
  }
  static ScopeSet All() {
    ScopeSet all;
    for (Scope scope : kAllScopes) all.Add(scope);
    return all;
  }

  void Add(Scope scope) { bits_ |= static_cast<std::uint8_t>(scope); }
  // True for Scope::kNone on every set.
  bool Has(Scope scope) const {
    const auto bit = static_cast<std::uint8_t>(scope);
    return (bits_ & bit) == bit;
  }

  friend bool operator==(const ScopeSet&, const ScopeSet&) = default;

 private:
  std::uint8_t bits_ = 0;
};

// The other end of a connection, as the kernel names it; never taken from a header.
struct Peer {
  enum class Kind { kTcp, kUnix };

  Kind kind = Kind::kTcp;
  std::string address;    // "127.0.0.1" or "::1"; empty for a unix socket
  std::string user;       // the unix peer's user name, "uid:1234" when it has none; empty for TCP
  std::int64_t uid = -1;  // the unix peer's user id; -1 for TCP
};

// Who asks. Built by the Authenticator; audit records and approvals carry `name`.
struct Actor {
  std::string name = "anonymous";  // "token:ci", "user:ana", "anonymous"
  std::vector<std::string> groups;
  ScopeSet scopes;

  bool anonymous() const { return name == "anonymous"; }
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// One request, independent of the server in front.
struct Request {
  std::string
      id;  // of this request in the log, and the answer's X-Request-Id; empty without a server
  std::string method;  // "GET"; upper case
  std::string target;  // raw, as sent: "/v1/maps/limits/entries/api%2Flogin?arm=stable"
  HeaderList headers;
  std::string body;
  Peer peer;

  // Filled by the Router.
  std::string route;                               // the pattern that matched: "/v1/maps/{map}"
  std::map<std::string, std::string> path_params;  // percent-decoded once, segment by segment
  std::multimap<std::string, std::string> query;   // decoded; '+' is a space
  Actor actor;

  // The first header of that name, compared without case; empty when absent.
  std::string_view Header(std::string_view name) const;
  // The parameter of the route's pattern; empty when the pattern has none of that name.
  std::string_view Param(std::string_view name) const;
  // The first query value of that name, or the fallback.
  std::string_view QueryOr(std::string_view name, std::string_view fallback) const;
};

// The open end of a streamed response. Used by the stream's own thread only.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // Sends all bytes. False when the peer went away, did not read within the write deadline, or the
  // server stops.
  virtual bool Write(std::string_view bytes) = 0;
  // True once the server stops or the peer has hung up.
  virtual bool closed() const = 0;
  // Waits that long, less when the stream is closed meanwhile; then returns false. For heartbeats
  // and polling.
  virtual bool Wait(Duration duration) = 0;
  // `wake` is called, on another thread, when the server stops: a stream that waits on a condition
  // variable of its own notifies it here, so that Stop() is prompt. Called at once when the server
  // has stopped already. `wake` must stay callable until the stream's function returns, and must
  // not use the writer.
  virtual void OnStop(std::function<void()> wake) = 0;
};

// One answer. With `stream` the body is ignored: the head is sent, then the function runs on a
// thread of its own and the connection closes when it returns.
struct Response {
  int status = 200;
  std::string content_type;  // empty without a body
  HeaderList headers;
  std::string body;
  std::function<void(StreamWriter&)> stream;

  // The first header of that name, compared without case; empty when absent.
  std::string_view Header(std::string_view name) const;
  // Replaces a header of the same name.
  void SetHeader(std::string_view name, std::string value);
};

// application/json, one line and a newline.
Response JsonResponse(const manifests::Value& value, int status = 200);
Response TextResponse(std::string text,
                      std::string_view content_type = "text/plain; charset=utf-8");
// text/event-stream whose bytes `stream` writes.
Response EventStreamResponse(std::function<void(StreamWriter&)> stream);

// nosniff, no-referrer, and Cache-Control: no-store unless the response says otherwise.
void AddSecurityHeaders(Response& response);

bool EqualsIgnoringCase(std::string_view a, std::string_view b);  // ASCII only

}  // namespace portolan::controller
