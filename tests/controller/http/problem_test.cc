#include "controller/http/problem.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

using manifests::ParseJson;
using manifests::Value;

TEST(Problem, EveryCodeHasItsStatusAndReadsBack) {
  const std::pair<ErrorCode, int> rows[] = {
      {ErrorCode::kInvalid, 400},     {ErrorCode::kNotFound, 404},
      {ErrorCode::kConflict, 409},    {ErrorCode::kDenied, 403},
      {ErrorCode::kExhausted, 507},   {ErrorCode::kUnauthenticated, 401},
      {ErrorCode::kUnavailable, 503}, {ErrorCode::kTimeout, 504},
      {ErrorCode::kCorrupt, 500},     {ErrorCode::kCancelled, 499},
      {ErrorCode::kInternal, 500},
  };
  for (const auto& [code, status] : rows) {
    const Response response = ProblemResponse(Error{code, "m"});
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(HttpStatus(code), status);
    EXPECT_EQ(ErrorOfProblem(status, response.body).code, code) << response.body;
  }
}

TEST(Problem, HasTheMembersOfRfc9457AndTheExtensions) {
  const Response response = ProblemResponse(Error{ErrorCode::kExhausted, "the disk is full"},
                                            {{"served", true}, {"retryAfter", 5}});
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = ParseJson(response.body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->StringOr("type", ""), "urn:portolan:problem:exhausted");
  EXPECT_EQ(body->StringOr("title", ""), "A resource is full");
  EXPECT_EQ(body->IntOr("status", 0), 507);
  EXPECT_EQ(body->StringOr("detail", ""), "the disk is full");
  EXPECT_EQ(body->StringOr("code", ""), "exhausted");
  EXPECT_TRUE(body->BoolOr("served", false));
  EXPECT_EQ(body->IntOr("retryAfter", 0), 5);
}

TEST(Problem, HidesTheMessageOfInternalAndCorrupt) {
  for (ErrorCode code : {ErrorCode::kInternal, ErrorCode::kCorrupt}) {
    const Response response = ProblemResponse(Error{code, "SELECT * FROM /var/lib/x.db"});
    EXPECT_EQ(response.body.find("SELECT"), std::string::npos);
    EXPECT_NE(response.body.find("log"), std::string::npos);
  }
}

TEST(Problem, RefusalsOfTheHttpLayerKeepTheirOwnStatus) {
  const Response response = ProblemResponse(431, "headers_too_large", "more than 100 headers");
  EXPECT_EQ(response.status, 431);
  const Error error = ErrorOfProblem(431, response.body);
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.message, "more than 100 headers");
}

TEST(Problem, ABodyThatIsNoProblemGivesTheStatus) {
  EXPECT_EQ(ErrorOfProblem(404, "<html>").code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOfProblem(502, "").code, ErrorCode::kUnavailable);
  EXPECT_EQ(ErrorOfProblem(429, "").code, ErrorCode::kUnavailable) << "later it may work";
  EXPECT_EQ(ErrorOfProblem(404, "<html>").message, "the server answered 404 Not Found");
}

}  // namespace
}  // namespace portolan::controller
