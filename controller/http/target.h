#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::controller {

constexpr std::size_t kTargetBytesMax = 8 * 1024;

// A request target in its one normal form, so that a path has one spelling for routing,
// authorisation and logs.
struct Target {
  std::vector<std::string> raw_segments;  // between the slashes, still encoded; "/" has none
  std::vector<std::string> segments;      // the same, percent-decoded once
  std::multimap<std::string, std::string> query;
};

// Splits origin-form ("/a/b%2Fc?x=1") and never repairs. Errors: kInvalid for another form
// (absolute, authority, "*"), a malformed escape, ';', '\', '#', bytes that must be escaped, and
// segments that decode to "", ".", "..", control characters or invalid UTF-8; kNotFound for empty
// segments ("//", trailing slash), which no route has.
Result<Target> ParseTarget(std::string_view raw);

// Encodes everything but unreserved characters (RFC 3986 §2.3): "api/login" becomes "api%2Flogin".
std::string PercentEncode(std::string_view text);

}  // namespace portolan::controller
