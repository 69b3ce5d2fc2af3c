#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/http/message.h"

namespace portolan::controller {

struct HeadLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t header_count = 100;
  std::size_t body_bytes = 1 << 20;
  // Values of Host, without port, that are served; empty serves any. On loopback this stops DNS
  // rebinding: a page of another site whose name resolves to 127.0.0.1 still sends its own name.
  std::vector<std::string> hosts;
};

// The request line and the headers of one HTTP/1.x request.
struct MessageHead {
  std::string method;
  std::string target;
  HeaderList headers;
  std::size_t content_length = 0;
  bool keep_alive = true;  // the client wants, and may have, another request on the connection
  bool expect_continue = false;  // it waits for "100 Continue" before the body
};

// Why a request is not served; the connection closes after the answer.
struct Refusal {
  int status = 400;
  std::string code;
  std::string detail;
};

// Finds the end of the head in what has arrived: the offset behind its empty line, nothing when
// more is needed, or a refusal (431 past the limits, 400 for a line without CR or a NUL). O(bytes).
std::variant<std::size_t, std::nullopt_t, Refusal> FindHeadEnd(std::string_view input,
                                                               const HeadLimits& limits);

// Reads a complete head strictly, because two readers of one lax message disagree on where it ends
// (request smuggling). Refuses with 400: malformed lines, folded headers, a second Host,
// Content-Length, Content-Type or Authorization, a Content-Length that is not plain digits,
// Transfer-Encoding next to Content-Length, no Host; 411 any Transfer-Encoding; 413, 414, 415
// (Content-Encoding), 417, 421 (Host), 431, 505.
std::variant<MessageHead, Refusal> ParseHead(std::string_view head, const HeadLimits& limits);

// The bytes of a response's head with its empty line. A response whose headers hold a line break or
// another control character is replaced by a 500. `close` adds Connection: close. HEAD and streams:
// pass the length they would have, or nothing for a body that ends with the connection.
std::string WriteHead(Response& response, std::optional<std::size_t> length, bool close);

}  // namespace portolan::controller
