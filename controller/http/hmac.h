#pragma once

#include <string>
#include <string_view>

namespace portolan::controller {

// HMAC-SHA256 (RFC 2104, by OpenSSL) as 64 lower-case hex digits; webhooks are signed so. The key
// may be any length.
std::string HmacSha256Hex(std::string_view key, std::string_view message);

// Equal in content; the time taken depends on the lengths only, never on where the texts differ.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace portolan::controller
