#include "controller/daemon/authenticator.h"

namespace portolan::controller {

Result<Actor> ControlAuthenticator::Authenticate(const Request& request) const {
  // Every right hangs on the name, so a peer that the kernel does not name has none.
  if (request.peer.kind == Peer::Kind::kUnix && request.peer.user.empty())
    return Error{ErrorCode::kUnauthenticated, "the system does not say which user called"};
  if (request.peer.kind == Peer::Kind::kUnix)
    return Actor{"user:" + request.peer.user, {}, ScopeSet::All()};
  // The listener is on loopback then, or `insecure` was asked for (CheckControlAddress).
  if (!tokens_) return Actor{"anonymous", {}, ScopeSet::All()};
  constexpr std::string_view kBearer = "Bearer ";
  std::string_view shown = request.Header("Authorization");
  // Nobody, without scopes: the router says which scope a token would need.
  if (shown.empty()) return Actor{};
  if (!shown.starts_with(kBearer))
    return Error{ErrorCode::kUnauthenticated, "expected \"Authorization: Bearer TOKEN\""};
  shown.remove_prefix(kBearer.size());
  return tokens_->Identify(shown, clock_.now().wall);
}

}  // namespace portolan::controller
