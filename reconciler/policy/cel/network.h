#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

// "10.0.0.1", "2001:db8::1" (RFC 4291, section 2.2). Nothing for any other text, zones included.
std::optional<Network> ParseIp(std::string_view text);
// "10.0.0.0/8". Nothing for any other text.
std::optional<Network> ParseCidr(std::string_view text);
// The canonical form (RFC 5952).
std::string FormatIp(const Network& ip);
std::string FormatCidr(const Network& cidr);
// The network with all bits behind the prefix zero.
Network Masked(const Network& cidr);
// Whether every address of `inner`, an address or a network of the same family, is in `outer`.
bool Contains(const Network& outer, const Network& inner);

}  // namespace portolan::reconciler::cel
