#pragma once

#include <string>
#include <utility>

#include "controller/api/api.h"
#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {

// "Bearer NAME": reader may read, client report, operator operate, boss approve; root everything.
class NamesAreTokens final : public Authenticator {
 public:
  Result<Actor> Authenticate(const Request& request) const override {
    const std::string_view shown = request.Header("Authorization");
    if (shown.empty()) return Actor();
    if (shown == "Bearer reader") return Actor{"token:reader", {}, {Scope::kRead}};
    if (shown == "Bearer client") return Actor{"token:client", {}, {Scope::kReport}};
    if (shown == "Bearer operator") return Actor{"token:operator", {}, {Scope::kOperate}};
    if (shown == "Bearer boss") return Actor{"token:boss", {}, {Scope::kApprove}};
    if (shown == "Bearer root") return Actor{"token:root", {}, ScopeSet::All()};
    return Error{ErrorCode::kUnauthenticated, "unknown token"};
  }
};

// All routes over a World with one source, "edge", without any server. "limits" is healthy at
// limits_1.
class ApiTest : public testing::Test {
 protected:
  struct Call {
    std::string method;
    std::string target;
    std::string body = {};
    HeaderList headers = {};
  };

  ApiTest() {
    AddRoutes(router, api);
    world.Settle("limits", world.limits_1);
  }

  Response Send(Call call, const std::string& token = "root") {
    Request request;
    request.method = std::move(call.method);
    request.target = std::move(call.target);
    request.body = std::move(call.body);
    request.headers = std::move(call.headers);
    request.peer.address = "127.0.0.1";
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    return world.Serving([&] { return router.Serve(request); });
  }
  Response Get(const std::string& target) { return Send({"GET", target}); }
  Response Post(const std::string& target, const std::string& body) {
    return Send({"POST", target, body});
  }

  static manifests::Value Json(const Response& response) {
    auto value = manifests::ParseJson(response.body);
    EXPECT_TRUE(value.ok()) << response.body;
    return value.ok() ? std::move(value).value() : manifests::Value();
  }
  manifests::Value GetJson(const std::string& target) {
    const Response response = Get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    return Json(response);
  }
  // "code: detail" of a problem.
  static std::string Problem(const Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    const manifests::Value value = Json(response);
    return std::string(value.StringOr("code", "")) + ": " +
           std::string(value.StringOr("detail", ""));
  }

  // A rollout from limits_1 to limits_2, at 5 %.
  void StartRollout() {
    world.Want("limits", world.limits_2);
    ASSERT_EQ(world.Phase("limits"), "Stepping");
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
  EventSignal signal;
  NamesAreTokens tokens;
  Api api{world.catalog,
          world.versions,
          world.rollouts,
          {{"edge", &edge.source}},
          world.store,
          world.clock,
          signal,
          "1.2.3",
          "0123456789abcdef",
          "test",
          world.clock.now().wall,
          "",
          [] { return std::string("portolan_journalled 1\n"); }};
  Router router{tokens};
};

inline bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace portolan::controller
