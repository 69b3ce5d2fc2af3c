#pragma once

#include <memory>

#include "controller/cli/environment.h"

namespace portolan::controller {

// The Transport over controller/http's client. Connects with the first call, not here. Errors:
// kInvalid for a server that is neither unix:///path nor http://host:port.
Result<std::unique_ptr<Transport>> ConnectHttp(const ServerAddress& address);

}  // namespace portolan::controller
