#include "controller/http/message.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(ScopeSet, HoldsOnlyTheScopesAdded) {
  ScopeSet scopes{Scope::kRead};
  scopes.Add(Scope::kApprove);
  EXPECT_TRUE(scopes.Has(Scope::kRead));
  EXPECT_TRUE(scopes.Has(Scope::kApprove));
  EXPECT_TRUE(scopes.Has(Scope::kNone));
  EXPECT_FALSE(scopes.Has(Scope::kOperate));
  EXPECT_FALSE(scopes.Has(Scope::kReport));
  EXPECT_EQ(ScopeName(Scope::kApprove), "approve");
}

TEST(Request, FindsHeadersWithoutCaseAndTheFirstOfTwo) {
  Request request;
  request.headers = {{"portolan-request-id", "a"}, {"Portolan-Request-Id", "b"}};
  EXPECT_EQ(request.Header("PORTOLAN-Request-ID"), "a");
  EXPECT_EQ(request.Header("Portolan-Request"), "");
}

TEST(Request, FallsBackForAbsentParametersAndQueries) {
  Request request;
  request.path_params = {{"map", "limits"}};
  request.query = {{"arm", "canary"}};
  EXPECT_EQ(request.Param("map"), "limits");
  EXPECT_EQ(request.Param("key"), "");
  EXPECT_EQ(request.QueryOr("arm", "stable"), "canary");
  EXPECT_EQ(request.QueryOr("limit", "100"), "100");
}

TEST(Response, SetHeaderReplacesWithoutCase) {
  Response response;
  response.SetHeader("ETag", "\"1\"");
  response.SetHeader("etag", "\"2\"");
  EXPECT_EQ(response.headers, (HeaderList{{"ETag", "\"2\""}}));
}

TEST(Response, JsonIsOneLine) {
  const Response response = JsonResponse(manifests::Value::Object{{"a", 1}}, 201);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, "{\"a\":1}\n");
}

TEST(AddSecurityHeaders, KeepsACachePolicyThatWasChosen) {
  Response response = TextResponse("x");
  response.SetHeader("Cache-Control", "max-age=60");
  AddSecurityHeaders(response);
  EXPECT_EQ(response.Header("Cache-Control"), "max-age=60");
  EXPECT_EQ(response.Header("X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace portolan::controller
