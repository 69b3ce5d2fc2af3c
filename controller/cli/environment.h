#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mapcore/base/clock.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

struct TransportRequest {
  std::string method;  // "GET", "POST"
  std::string target;  // path and query, percent-encoded
  std::string body;    // JSON, or empty
  std::vector<std::pair<std::string, std::string>> headers;
  Duration deadline{0};  // of the whole exchange
};

struct TransportResponse {
  int status = 0;
  std::string body;
};

// The way to one daemon. Any HTTP status is a response; only silence is an error: kUnavailable
// (nobody answers), kTimeout, kCancelled. One thread's own.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<TransportResponse> Do(const TransportRequest& request) = 0;
  // Hands over the lines of a 200 answer, without line ends, until `on_line` returns false or the
  // peer ends the stream; another status is an error of its kind.
  virtual Status Stream(const TransportRequest& request,
                        const std::function<bool(std::string_view line)>& on_line) = 0;
};

// Where a daemon listens and who asks.
struct ServerAddress {
  std::string server;  // "unix:///run/portolan.sock", "http://127.0.0.1:7420"
  std::string token;   // empty: none
};

// Everything outside the process that a run of the command line touches, so that tests replace it.
// The streams and the clock are the caller's and outlive the run.
struct CliEnvironment {
  std::ostream* out = nullptr;  // data
  std::ostream* err = nullptr;  // progress, hints, errors
  std::istream* in = nullptr;   // answers to questions
  bool in_is_tty = false;
  bool out_is_tty = false;
  const Clock* clock = nullptr;
  std::string version;  // of this program, "0.1.0"
  std::function<std::optional<std::string>(const std::string&)> getenv;
  std::function<bool(const std::string&)> path_exists;
  std::function<std::uint64_t()> random;  // for request ids
  // Waits; false when the user interrupted.
  std::function<bool(Duration)> wait;
  std::function<Result<std::unique_ptr<Transport>>(const ServerAddress&)> connect;
};

}  // namespace portolan::controller
