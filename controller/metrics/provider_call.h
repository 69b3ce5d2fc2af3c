#pragma once

#include <functional>
#include <string>

#include "controller/http/client.h"

namespace portolan::controller {

// How a provider reaches its server: HttpClient::Do of one endpoint, or a test's own. Thread-safe.
using ProviderTransport = std::function<Result<ClientResponse>(const HttpClient::Call&)>;

constexpr std::size_t kAnswerBytesMax = 1 << 20;

// Makes a call and takes only a 200 for an answer. Redirects are not followed: the configuration
// says where a server is. `server` names it in messages. Errors: kUnavailable for a server that
// nobody reaches and for 429 and 5xx, kTimeout, kCancelled, kExhausted for more than
// kAnswerBytesMax, kUnauthenticated and kDenied for 401 and 403, kInvalid for every other status,
// with the beginning of its body.
Result<std::string> CallProvider(const ProviderTransport& transport, const HttpClient::Call& call,
                                 const std::string& server);

}  // namespace portolan::controller
