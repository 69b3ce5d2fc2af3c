#pragma once

#include <string>
#include <string_view>

#include "mapcore/base/result.h"

namespace portolan::controller {

// Whether a source may name this remote: https, http to a loopback address, file:// or an absolute
// path. Everything else is refused by name: ssh and its short form host:path, git://, transport
// helpers (ext::), other schemes, and URLs that carry a password. Errors: kDenied ("Denied: …").
Status CheckRemoteUrl(std::string_view url);

// Whether a token may travel to this remote: it is reached by https or by http to a loopback
// address.
bool TakesToken(std::string_view url);

// The URL as messages show it: without whatever stands before an '@' in its authority.
std::string PrintableUrl(std::string_view url);

}  // namespace portolan::controller
