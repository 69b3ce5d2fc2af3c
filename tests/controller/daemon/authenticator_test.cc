#include "controller/daemon/authenticator.h"

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() {
    TokenRecord ci;
    ci.name = "ci";
    ci.scopes = {Scope::kRead};
    ci.sha256 = Sha256Of("s3cret");
    ci.expires = clock.now().wall + std::chrono::hours(1);
    tokens = TokenSet({ci});
  }

  Result<Actor> Who(const std::string& authorization) const {
    Request request;
    if (!authorization.empty()) request.headers = {{"Authorization", authorization}};
    return ControlAuthenticator(tokens, clock).Authenticate(request);
  }

  FakeClock clock;
  std::optional<TokenSet> tokens;
};

TEST_F(AuthenticatorTest, ATokenIsAnActorWithItsScopes) {
  const auto actor = Who("Bearer s3cret");
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->name, "token:ci");
  EXPECT_EQ(actor->scopes, ScopeSet({Scope::kRead}));
}

TEST_F(AuthenticatorTest, WhoShowsNothingIsAnonymousWithoutScopes) {
  const auto actor = Who("");
  ASSERT_TRUE(actor.ok());
  EXPECT_TRUE(actor->anonymous());
  EXPECT_EQ(actor->scopes, ScopeSet());
}

TEST_F(AuthenticatorTest, WrongAndExpiredCredentialsAreRefused) {
  for (const std::string shown : {"Bearer other", "Bearer ", "Basic czNjcmV0", "s3cret"})
    EXPECT_EQ(Who(shown).error().code, ErrorCode::kUnauthenticated) << shown;
  clock.Advance(std::chrono::hours(1));
  EXPECT_EQ(Who("Bearer s3cret").error().code, ErrorCode::kUnauthenticated);
}

TEST_F(AuthenticatorTest, WithoutTokensALoopbackCallerHasEveryScope) {
  tokens.reset();
  const auto actor = Who("");
  ASSERT_TRUE(actor.ok());
  EXPECT_TRUE(actor->anonymous());
  EXPECT_EQ(actor->scopes, ScopeSet::All());
}

TEST_F(AuthenticatorTest, APeerOfTheUnixSocketWithoutAUserIsNobody) {
  Request request;
  request.peer.kind = Peer::Kind::kUnix;
  const auto actor = ControlAuthenticator(tokens, clock).Authenticate(request);
  ASSERT_FALSE(actor.ok());
  EXPECT_EQ(actor.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(AuthenticatorTest, APeerOfTheUnixSocketIsItsUserWhateverItShows) {
  Request request;
  request.peer.kind = Peer::Kind::kUnix;
  request.peer.user = "ana";
  request.headers = {{"Authorization", "Bearer other"}};
  const auto actor = ControlAuthenticator(tokens, clock).Authenticate(request);
  ASSERT_TRUE(actor.ok());
  EXPECT_EQ(actor->name, "user:ana");
  EXPECT_EQ(actor->scopes, ScopeSet::All());
}

}  // namespace
}  // namespace portolan::controller
