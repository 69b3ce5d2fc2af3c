#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "controller/http/listener.h"
#include "controller/http/message.h"

namespace portolan::controller {

struct ClientResponse {
  int status = 0;
  HeaderList headers;
  std::string body;

  // The first header of that name, compared without case; empty when absent.
  std::string_view Header(std::string_view name) const;
};

// Calls a daemon: the command line's side of HttpServer. One connection per call, no redirects.
// Thread-safe.
class HttpClient {
 public:
  struct Options {
    Endpoint endpoint;    // ParseEndpoint("http://127.0.0.1:7420") or ("unix:///run/portolan.sock")
    std::string token{};  // sent as Authorization: Bearer; empty sends none
    std::size_t body_bytes_max = 64 << 20;
    Duration connect_timeout{3000};
    Duration stream_silence_max{60000};  // a stream without a byte for so long has failed
  };
  struct Call {
    std::string method = "GET";
    std::string target{};  // sent as it is: encode its segments with PercentEncode
    std::string body{};
    std::string content_type = "application/json";  // of a body that is not empty
    HeaderList headers{};
    Duration deadline{10000};  // for the whole call
  };

  explicit HttpClient(Options options) : options_(std::move(options)) {}

  // Any status is a success here; see ErrorOfProblem. Errors: kUnavailable when nobody answers,
  // kTimeout, kExhausted for a body past body_bytes_max.
  Result<ClientResponse> Do(const Call& call) const;

  // Reads a streamed response line by line, without line ends, until the server ends it or
  // `on_line` returns false. Errors: as Do (but no deadline), and ErrorOfProblem of a status that
  // is not 200.
  Status Stream(const std::string& target, const HeaderList& headers,
                const std::function<bool(std::string_view line)>& on_line) const;

 private:
  Options options_;
};

}  // namespace portolan::controller
