#include "controller/http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "manifests/value.h"

namespace portolan::controller {
namespace {

// "Bearer NAME" is an actor; "reader" may read, "root" everything, anything else is refused.
class NamesAreTokens final : public Authenticator {
 public:
  Result<Actor> Authenticate(const Request& request) const override {
    const std::string_view header = request.Header("authorization");
    if (header.empty()) return Actor();
    if (header == "Bearer reader") return Actor{"token:reader", {}, {Scope::kRead}};
    if (header == "Bearer root") return Actor{"token:root", {}, ScopeSet::All()};
    if (header == "Bearer down") return Error{ErrorCode::kUnavailable, "no token store"};
    return Error{ErrorCode::kUnauthenticated, "secret detail about " + std::string(header)};
  }
};

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    const auto echo = [](const Request& request) {
      std::string text = request.route;
      for (const auto& [name, value] : request.path_params) text += " " + name + "=" + value;
      return TextResponse(text + " as " + request.actor.name);
    };
    router.Add("GET", "/", Scope::kNone, echo);
    router.Add("GET", "/v1/maps", Scope::kRead, echo);
    router.Add("GET", "/v1/maps/{map}", Scope::kRead, echo);
    router.Add("PUT", "/v1/maps/{map}", Scope::kOperate, echo);
    router.Add("GET", "/v1/maps/search", Scope::kRead, echo);
    router.Add("GET", "/v1/maps/{map}/entries/{key}", Scope::kRead, echo);
    router.Add("POST", "/v1/rollouts/{map}/promote", Scope::kApprove, echo);
    router.Add("GET", "/throws", Scope::kNone, [](const Request&) -> Result<Response> {
      throw std::runtime_error("/var/lib/secret is gone");
    });
    router.Add("GET", "/fails", Scope::kNone, [](const Request&) -> Result<Response> {
      return Error{ErrorCode::kConflict, "the rollout is locked"};
    });
  }

  Response Serve(std::string method, std::string target, std::string token = "root") {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.id = "id-1";
    if (!token.empty()) request.headers = {{"Authorization", "Bearer " + token}};
    return router.Serve(request);
  }

  NamesAreTokens tokens;
  std::vector<std::string> failures;
  Router router{tokens, [this](const Request& request, const Error& error) {
                  failures.push_back(request.route + ": " + error.message);
                }};
};

TEST_F(RouterTest, DecodesParametersOnceSoThatAKeyMayHaveASlash) {
  EXPECT_EQ(Serve("GET", "/v1/maps/limits/entries/api%2Flogin%2525").body,
            "/v1/maps/{map}/entries/{key} key=api/login%25 map=limits as token:root");
}

TEST_F(RouterTest, LiteralsWinOverParameters) {
  EXPECT_EQ(Serve("GET", "/v1/maps/search").body, "/v1/maps/search as token:root");
  EXPECT_EQ(Serve("GET", "/v1/maps/searches").body, "/v1/maps/{map} map=searches as token:root");
  EXPECT_EQ(Serve("PUT", "/v1/maps/search").body, "/v1/maps/{map} map=search as token:root");
}

TEST_F(RouterTest, ServesHeadByTheGetRoute) {
  EXPECT_EQ(Serve("HEAD", "/v1/maps").status, 200);
}

TEST_F(RouterTest, AnotherMethodOfAKnownPathIs405WithAllow) {
  const Response response = Serve("DELETE", "/v1/maps/limits");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.Header("allow"), "GET, HEAD, PUT");
}

// Row 3 of the attack matrix: no spelling but the normal one reaches a handler.
TEST_F(RouterTest, TwistedPathsNeverReachAHandler) {
  for (const Route& route : router.routes()) {
    if (route.scope == Scope::kNone) continue;
    std::string path = route.pattern;
    for (std::size_t at; (at = path.find('{')) != path.npos;) {
      path.replace(at, path.find('}') - at + 1, "x");
    }
    std::vector<std::string> twists = {
        path + "/",        "/" + path,    path + ";a=b",    path + "/.",
        path + "/..",      path + "%00",  path + "//",      "/." + path,
        "/x/.." + path,    "/%2e" + path, path + "/%2e%2e", path.substr(1),
        "http://h" + path, path + "#f",   path + "\\",      path + "%20/"};
    for (std::size_t i = 1; i < path.size(); ++i) {
      std::string inserted = path;
      twists.push_back(inserted.insert(i, "//"));
      inserted = path;
      twists.push_back(inserted.insert(i, "/./"));
      inserted = path;
      twists.push_back(inserted.insert(i, ";v"));
    }
    for (const std::string& twist : twists) {
      const Response response = Serve(route.method, twist, "");
      EXPECT_TRUE(response.status == 400 || response.status == 404 || response.status == 401 ||
                  response.status == 405)
          << twist << " -> " << response.status;
      const Response trusted = Serve(route.method, twist);
      EXPECT_EQ(trusted.body.find(route.pattern + " "), std::string::npos)
          << twist << " reached " << route.pattern << ": " << trusted.body;
    }
  }
}

TEST_F(RouterTest, EncodedAndCapitalLiteralsAreOtherPaths) {
  EXPECT_EQ(Serve("GET", "/v1/m%61ps").status, 404);
  EXPECT_EQ(Serve("GET", "/V1/maps").status, 404);
  EXPECT_EQ(Serve("get", "/v1/maps").status, 405);
  EXPECT_EQ(Serve("POST", "/v1/maps?_method=GET").status, 405);
}

TEST_F(RouterTest, EveryProtectedRouteRefusesEveryActorWithoutItsScope) {
  int checked = 0;
  for (const Route& route : router.routes()) {
    if (route.scope == Scope::kNone) continue;
    ++checked;
    std::string path = route.pattern;
    for (char& c : path) c = c == '{' || c == '}' ? '-' : c;
    EXPECT_EQ(Serve(route.method, path, "").status, 401) << route.pattern;
    EXPECT_EQ(Serve(route.method, path, "wrong").status, 401) << route.pattern;
    EXPECT_EQ(Serve(route.method, path, "reader").status, route.scope == Scope::kRead ? 200 : 403);
    EXPECT_EQ(Serve(route.method, path, "down").status, 503);
  }
  EXPECT_EQ(checked, 6);
}

TEST_F(RouterTest, NoTokenAndAWrongTokenGetTheSameBytes) {
  const Response none = Serve("PUT", "/v1/maps/limits", "");
  const Response wrong = Serve("PUT", "/v1/maps/limits", "guess");
  EXPECT_EQ(none.body, wrong.body);
  EXPECT_EQ(none.headers, wrong.headers);
  EXPECT_EQ(wrong.Header("WWW-Authenticate"), "Bearer realm=\"portolan\"");
  EXPECT_EQ(wrong.body.find("secret"), std::string::npos);
}

TEST_F(RouterTest, EveryAnswerCarriesTheSecurityHeadersAndTheRequestId) {
  for (const char* target : {"/", "/nowhere", "/throws", "/v1/maps", "/bad%"}) {
    const Response response = Serve("GET", target, "");
    EXPECT_EQ(response.Header("X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(response.Header("Cache-Control"), "no-store") << target;
    EXPECT_EQ(response.Header("Referrer-Policy"), "no-referrer") << target;
    EXPECT_EQ(response.Header("X-Request-Id"), "id-1") << target;
  }
}

TEST_F(RouterTest, AnExceptionIsA500ThatHidesItsTextAndTellsTheSink) {
  const Response response = Serve("GET", "/throws");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("/var/lib"), std::string::npos);
  EXPECT_EQ(failures, std::vector<std::string>{"/throws: /var/lib/secret is gone"});
}

TEST_F(RouterTest, AnErrorOfAHandlerBecomesAProblem) {
  const Response response = Serve("GET", "/fails");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_NE(response.body.find("the rollout is locked"), std::string::npos);
  EXPECT_TRUE(failures.empty());
}

TEST_F(RouterTest, ListsItsRoutesSortedByPattern) {
  const auto routes = router.routes();
  ASSERT_EQ(routes.size(), 9u);
  EXPECT_EQ(routes.front().pattern, "/");
  EXPECT_EQ(routes[2].pattern, "/throws");
  EXPECT_EQ(routes.back().pattern, "/v1/rollouts/{map}/promote");
  EXPECT_EQ(routes.back().scope, Scope::kApprove);
}

}  // namespace
}  // namespace portolan::controller
