#include "controller/http/target.h"

#include <algorithm>
#include <optional>

#include "manifests/utf8.h"

// One path, one spelling: routing, authorisation and logs see the same bytes that a proxy in front
// saw. So nothing is normalised: what another server would resolve, decode twice or cut off ("..",
// "//", ';', an escaped control character) is refused.

namespace portolan::controller {
namespace {

Error Invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { kLiteral, kSpace };

std::optional<std::string> PercentDecode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kSpace) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool IsUtf8(std::string_view text) {
  return manifests::FindInvalidUtf8(text) == std::string_view::npos;
}

// What RFC 3986 lets stand in a path or query, and a few bytes that clients send unescaped all the
// same.
bool IsTargetByte(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
}

Result<std::string> DecodeSegment(std::string_view raw) {
  auto decoded = PercentDecode(raw, Plus::kLiteral);
  if (!decoded) return Invalid("the path has a '%' that is not followed by two hex digits");
  // Also as %2e: whoever resolves it sees another path than the one that is authorised here.
  if (*decoded == "." || *decoded == "..") {
    return Invalid("the path has a segment '" + *decoded + "'; write the path without it");
  }
  if (HasControl(*decoded)) return Invalid("the path has an escaped control character");
  if (!IsUtf8(*decoded)) return Invalid("the path's escapes are not UTF-8");
  return *std::move(decoded);
}

Status ParseQuery(std::string_view raw, std::multimap<std::string, std::string>& query) {
  while (!raw.empty()) {
    const std::string_view pair = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(raw.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    // As forms encode queries (WHATWG URL, application/x-www-form-urlencoded); in a path '+' is
    // itself.
    auto name = PercentDecode(pair.substr(0, equals), Plus::kSpace);
    auto value = PercentDecode(equals == pair.npos ? "" : pair.substr(equals + 1), Plus::kSpace);
    if (!name || !value) {
      return Invalid("the query has a '%' that is not followed by two hex digits");
    }
    if (HasControl(*name) || HasControl(*value) || !IsUtf8(*name) || !IsUtf8(*value)) {
      return Invalid("the query has an escaped control character, or is not UTF-8");
    }
    query.emplace(*std::move(name), *std::move(value));
  }
  return {};
}

}  // namespace

Result<Target> ParseTarget(std::string_view raw) {
  if (raw.empty() || raw.front() != '/') {
    return Invalid("the request target must start with '/'; absolute URLs are not accepted");
  }
  if (raw.size() > kTargetBytesMax) return Invalid("the request target is longer than 8 KiB");
  if (!std::all_of(raw.begin(), raw.end(), IsTargetByte)) {
    return Invalid("the request target has a character that must be percent-encoded");
  }
  const std::size_t question = raw.find('?');
  std::string_view path = raw.substr(0, question);
  // Some servers cut path parameters off at it, others do not.
  if (path.find(';') != path.npos) return Invalid("the path has a ';'; write it as %3B");

  Target target;
  path.remove_prefix(1);
  const bool root = path.empty();
  while (!root) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty()) {
      return Error{ErrorCode::kNotFound, "no route has an empty path segment or a trailing slash"};
    }
    PORTOLAN_TRY(auto decoded, DecodeSegment(segment));
    target.raw_segments.emplace_back(segment);
    target.segments.push_back(std::move(decoded));
    if (segment.size() == path.size()) break;
    path.remove_prefix(segment.size() + 1);
  }
  if (question != raw.npos) PORTOLAN_CHECK(ParseQuery(raw.substr(question + 1), target.query));
  return target;
}

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace portolan::controller
