#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/cli/environment.h"
#include "manifests/value.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

constexpr std::size_t kAnswerBytesMax = 256u
                                        << 20;  // a whole map; the daemon's own limit on a source

// "?a=1&b=2" of the parameters that have a value, or nothing.
std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& parameters);

// The daemon's HTTP API (docs/http-api.md) as calls that answer JSON or an Error. The answer's
// problem+json becomes the error's code and sentence. One thread's own.
class DaemonClient {
 public:
  DaemonClient(std::unique_ptr<Transport> transport, std::string server, Duration deadline)
      : transport_(std::move(transport)), server_(std::move(server)), deadline_(deadline) {}

  Result<manifests::Value> Get(const std::string& target);
  Result<manifests::Value> Post(const std::string& target, const manifests::Value& body);
  // Follows /v1/events as server-sent events; every event is handed over as JSON until `on_event`
  // returns false. Ends without an error when the daemon closes the stream.
  Status Follow(const std::string& target,
                const std::function<bool(const manifests::Value&)>& on_event);

  const std::string& server() const { return server_; }

 private:
  Result<manifests::Value> Call(TransportRequest request);

  std::unique_ptr<Transport> transport_;
  std::string server_;
  Duration deadline_;
};

// Where the daemon is: --server, else $PORTOLAN_SERVER, else the socket if it exists, else
// loopback.
std::string ResolveServer(const CliEnvironment& env, const std::string& flag);
// Who asks: --token, else what --token-file holds, else $PORTOLAN_TOKEN; empty for nobody. Errors:
// kUnauthenticated for a file that cannot be read or is empty.
Result<std::string> ResolveToken(const CliEnvironment& env, const std::string& flag,
                                 const std::string& file);

}  // namespace portolan::controller
