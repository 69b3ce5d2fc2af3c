#include "controller/api/api.h"

#include <set>

#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

std::string TargetOf(const Route& route) {
  std::string target = route.pattern;
  for (std::size_t open; (open = target.find('{')) != std::string::npos;)
    target.replace(open, target.find('}') - open + 1, "x");
  return target;
}

TEST_F(ApiTest, EveryRouteNeedsItsScopeButForTheOpenOnes) {
  std::set<std::string> open;
  for (const Route& route : router.routes()) {
    if (route.scope == Scope::kNone) {
      open.insert(route.pattern);
      continue;
    }
    EXPECT_EQ(Send({route.method, TargetOf(route)}, "").status, 401) << route.pattern;
    EXPECT_EQ(Send({route.method, TargetOf(route)}, "forged").status, 401) << route.pattern;
    const std::string other = route.scope == Scope::kRead ? "client" : "reader";
    EXPECT_EQ(Send({route.method, TargetOf(route)}, other).status, 403) << route.pattern;
  }
  EXPECT_EQ(open, (std::set<std::string>{"/livez", "/metrics", "/readyz", "/v1/hooks/git",
                                         "/v1/spec/bucketing"}));
}

TEST_F(ApiTest, EveryRouteOfTheContractIsThere) {
  std::set<std::string> have;
  for (const Route& route : router.routes()) have.insert(route.method + " " + route.pattern);
  for (const char* wanted : {"GET /v1/maps",
                             "GET /v1/maps/{map}",
                             "GET /v1/maps/{map}/changes",
                             "GET /v1/maps/{map}/entries/{key}",
                             "POST /v1/maps/{map}/lookup",
                             "GET /v1/maps/{map}/status",
                             "GET /v1/maps/{map}/history",
                             "GET /v1/maps/{map}/plan",
                             "GET /v1/maps/{map}/why",
                             "GET /v1/plans/{digest}",
                             "GET /v1/status",
                             "POST /v1/reports",
                             "POST /v1/plans/{digest}/approve",
                             "GET /v1/sources",
                             "POST /v1/sources/{source}/sync",
                             "POST /v1/sources/{source}/accept",
                             "POST /v1/hooks/git",
                             "GET /v1/events",
                             "GET /livez",
                             "GET /readyz",
                             "GET /metrics",
                             "GET /v1/version",
                             "GET /v1/spec/bucketing"})
    EXPECT_TRUE(have.contains(wanted)) << wanted;
}

TEST_F(ApiTest, AnEmptyBodyIsAnEmptyObject) {
  EXPECT_TRUE(BodyObject(Request()).value().as_object().empty());
  Request request;
  request.body = R"({"a":1})";
  EXPECT_EQ(BodyObject(request)->IntOr("a", 0), 1);
  request.body = "3";
  EXPECT_EQ(BodyObject(request).error().message, "the body is a JSON integer, expected an object");
}

TEST_F(ApiTest, ASignalEndsAWaitAlsoWhenItCameBefore) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t seen = signal.count();
  signal.Notify();
  EXPECT_EQ(signal.count(), seen + 1);
  signal.WaitFor(seen, std::chrono::minutes(10), [] { return false; });
  signal.WaitFor(signal.count(), std::chrono::minutes(10), [] { return true; });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
}

}  // namespace
}  // namespace portolan::controller
