#include "controller/http/message_head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "controller/http/problem.h"
#include "controller/http/target.h"

// Reading and writing the heads of HTTP/1.1 messages (RFC 9110, RFC 9112). Where the standards let
// a recipient repair a message, this refuses it: a proxy in front that repairs otherwise would see
// other requests in the same bytes than we do, which is how requests are smuggled past it (RFC
// 9112 section 11.2). So: lines end with CR LF and never with LF alone (2.2), no blank before a
// field's colon (5.1), no folded lines (5.2), one Content-Length of digits only (6.3), no chunked
// bodies (6.1).

namespace portolan::controller {
namespace {

using MaybeRefusal = std::optional<Refusal>;

Refusal Malformed(std::string detail) {
  return {400, "malformed_request", std::move(detail)};
}

// tchar of RFC 9110 section 5.6.2.
bool IsTokenByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte);
}

// RFC 9110 section 5.5; bytes from 0x80 on (obs-text) pass, CR, LF and NUL never do.
bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the text up to the next CRLF.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 2);
  return line;
}

MaybeRefusal ParseRequestLine(std::string_view line, MessageHead& head, bool& http10) {
  // Exactly two blanks (RFC 9112 section 3): a target with a blank in it is refused below, not
  // split.
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || first == last) {
    return Malformed("the request line is not 'METHOD target HTTP/1.1'");
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool upper = std::all_of(head.method.begin(), head.method.end(),
                                 [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!upper || head.method.empty() || head.method.size() > 16) {
    return Malformed("the method is not a word of at most 16 capital letters");
  }
  if (head.target.empty() || head.target.find(' ') != std::string::npos) {
    return Malformed("the request target is empty or has a space");
  }
  if (head.target.size() > kTargetBytesMax) {
    return Refusal{414, "target_too_long", "the request target is longer than 8 KiB"};
  }
  http10 = version == "HTTP/1.0";
  if (http10 || version == "HTTP/1.1") return std::nullopt;
  if (version.starts_with("HTTP/")) {
    return Refusal{505, "version_not_supported", "this server speaks HTTP/1.1"};
  }
  return Malformed("the request line does not end with HTTP/1.1");
}

MaybeRefusal ParseFields(std::string_view text, const HeadLimits& limits, MessageHead& head) {
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') return Malformed("a header is folded");
    if (head.headers.size() == limits.header_count) {
      return Refusal{431, "headers_too_large",
                     "more than " + std::to_string(limits.header_count) + " headers"};
    }
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !IsToken(line.substr(0, colon))) {
      return Malformed("a header is not 'Name: value'");
    }
    const std::string_view value = Trim(line.substr(colon + 1));
    if (!IsFieldValue(value)) return Malformed("a header has a control character");
    head.headers.emplace_back(std::string(line.substr(0, colon)), std::string(value));
  }
  return std::nullopt;
}

std::size_t Count(const MessageHead& head, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(head.headers.begin(), head.headers.end(),
                    [&](const auto& header) { return EqualsIgnoringCase(header.first, name); }));
}

std::string_view Field(const MessageHead& head, std::string_view name) {
  for (const auto& [key, value] : head.headers) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

bool HasListItem(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    if (EqualsIgnoringCase(Trim(item), wanted)) return true;
  }
  return false;
}

MaybeRefusal CheckBodyFraming(MessageHead& head, const HeadLimits& limits) {
  const bool has_length = Count(head, "Content-Length") > 0;
  // A chunked body has no length to refuse it by before it is here. 411 tells the client what to
  // do instead.
  if (Count(head, "Transfer-Encoding") > 0) {
    if (has_length) return Malformed("both Transfer-Encoding and Content-Length");
    return Refusal{411, "length_required", "send the body with a Content-Length, not in chunks"};
  }
  if (has_length) {
    const std::string_view text = Field(head, "Content-Length");
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return Malformed("Content-Length is not a plain decimal number");
    // More digits than fit are out of range here, and too large below.
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), head.content_length);
    if (parsed.ec != std::errc() || head.content_length > limits.body_bytes) {
      return Refusal{413, "body_too_large",
                     "a body may have at most " + std::to_string(limits.body_bytes) + " bytes"};
    }
  }
  const std::string_view encoding = Field(head, "Content-Encoding");
  if (!encoding.empty() && !EqualsIgnoringCase(encoding, "identity")) {
    return Refusal{415, "encoding_not_supported", "send the body without Content-Encoding"};
  }
  return std::nullopt;
}

// "example.org:80" and "[::1]:80" without the port.
// Compared without its port: a tunnel or a container may publish another one.
std::string_view HostName(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

MaybeRefusal CheckHost(const MessageHead& head, const HeadLimits& limits) {
  const std::string_view host = Field(head, "Host");
  if (host.empty()) return Malformed("the Host header is missing");
  if (limits.hosts.empty()) return std::nullopt;
  for (const std::string& allowed : limits.hosts) {
    if (EqualsIgnoringCase(HostName(host), allowed)) return std::nullopt;
  }
  return Refusal{421, "unknown_host", "this server does not answer for that Host"};
}

// Two of one of these would let two readers choose differently.
MaybeRefusal Interpret(MessageHead& head, const HeadLimits& limits, bool http10) {
  for (std::string_view name : {"Host", "Content-Length", "Content-Type", "Authorization"}) {
    if (Count(head, name) > 1) return Malformed("more than one " + std::string(name) + " header");
  }
  if (auto refusal = CheckBodyFraming(head, limits)) return refusal;
  if (auto refusal = CheckHost(head, limits)) return refusal;
  const std::string_view expect = Field(head, "Expect");
  head.expect_continue = EqualsIgnoringCase(expect, "100-continue") && !http10;
  if (!expect.empty() && !EqualsIgnoringCase(expect, "100-continue")) {
    return Refusal{417, "expectation_failed", "the only expectation known is 100-continue"};
  }
  head.keep_alive = !http10 && !HasListItem(Field(head, "Connection"), "close");
  return std::nullopt;
}

}  // namespace

// Looks through the whole head each time bytes arrive; the limit on its size bounds the sum.
std::variant<std::size_t, std::nullopt_t, Refusal> FindHeadEnd(std::string_view input,
                                                               const HeadLimits& limits) {
  const std::size_t end = input.find("\r\n\r\n");
  const std::string_view head = input.substr(0, end == input.npos ? end : end + 4);
  for (std::size_t lf = head.find('\n'); lf != head.npos; lf = head.find('\n', lf + 1)) {
    if (lf == 0 || head[lf - 1] != '\r') return Malformed("a line ends without CR");
  }
  if (head.find('\0') != head.npos) return Malformed("the head has a NUL byte");
  if (head.size() > limits.head_bytes || (end == input.npos && head.size() == limits.head_bytes)) {
    return Refusal{431, "headers_too_large",
                   "the head is larger than " + std::to_string(limits.head_bytes) + " bytes"};
  }
  if (end == input.npos) return std::nullopt;
  return head.size();
}

std::variant<MessageHead, Refusal> ParseHead(std::string_view head, const HeadLimits& limits) {
  MessageHead parsed;
  bool http10 = false;
  if (auto refusal = ParseRequestLine(TakeLine(head), parsed, http10)) return *refusal;
  if (auto refusal = ParseFields(head, limits, parsed)) return *refusal;
  if (auto refusal = Interpret(parsed, limits, http10)) return *refusal;
  return parsed;
}

// A control character in a header would let a value end its line and write more of the message
// (response splitting). No Content-Length with 204 and 304 (RFC 9110 section 8.6).
std::string WriteHead(Response& response, std::optional<std::size_t> length, bool close) {
  const bool sound =
      IsFieldValue(response.content_type) &&
      std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
        return IsToken(header.first) && IsFieldValue(header.second);
      });
  if (!sound) {
    response = ProblemResponse(500, "internal", "the answer had a malformed header");
    AddSecurityHeaders(response);
    length = response.body.size();
  }
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += StatusPhrase(response.status);
  out += "\r\n";
  const auto add = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  const bool bodiless = response.status == 204 || response.status == 304;
  if (length && !bodiless) add("Content-Length", std::to_string(*length));
  for (const auto& [name, value] : response.headers) add(name, value);
  if (close) add("Connection", "close");
  out += "\r\n";
  return out;
}

}  // namespace portolan::controller
