#pragma once

#include <optional>

#include "controller/config/tokens.h"
#include "controller/http/router.h"

namespace portolan::controller {

// Who a caller of the control API is: the user of a unix peer, else the token shown. Without a
// tokens file a TCP caller is anonymous with every scope (the listener is on loopback then, or was
// opened with `insecure`).
class ControlAuthenticator final : public Authenticator {
 public:
  // `clock` outlives it.
  ControlAuthenticator(std::optional<TokenSet> tokens, const Clock& clock)
      : tokens_(std::move(tokens)), clock_(clock) {}

  Result<Actor> Authenticate(const Request& request) const override;

 private:
  const std::optional<TokenSet> tokens_;
  const Clock& clock_;
};

}  // namespace portolan::controller
