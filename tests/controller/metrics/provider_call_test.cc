#include "controller/metrics/provider_call.h"

#include <gtest/gtest.h>

#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

Error Failure(Result<ClientResponse> answer) {
  ScriptedTransport transport;
  transport.answer = std::move(answer);
  const auto body = CallProvider(transport.port(), {.deadline = Duration(3'000)}, "http://p");
  return body.ok() ? Error{ErrorCode::kInternal, "accepted"} : body.error();
}

Error Answered(int status, HeaderList headers = {}, std::string body = "") {
  return Failure(ClientResponse{status, std::move(headers), std::move(body)});
}

TEST(ProviderCall, TakesTheBodyOfA200) {
  ScriptedTransport transport;
  transport.answer = ClientResponse{200, {}, "body"};
  EXPECT_EQ(*CallProvider(transport.port(), {.target = "/x"}, "http://p"), "body");
  EXPECT_EQ(transport.calls.at(0).target, "/x");
}

TEST(ProviderCall, RefusesARedirectAndSaysWhereItLeads) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const Error error = Answered(status, {{"Location", "http://169.254.169.254/\x1b[2J"}});
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_NE(error.message.find("to http://169.254.169.254/\\u{1b}[2J; redirects are not "
                                 "followed"),
              std::string::npos)
        << error.message;
  }
}

TEST(ProviderCall, ServersThatFailAreUnavailable) {
  for (const int status : {429, 500, 502, 503})
    EXPECT_EQ(Answered(status).code, ErrorCode::kUnavailable) << status;
  EXPECT_EQ(Answered(503).message, "http://p answered 503");
}

TEST(ProviderCall, EveryOtherStatusIsAnErrorToo) {
  EXPECT_EQ(Answered(204).code, ErrorCode::kInvalid);
  EXPECT_EQ(Answered(206, {}, "[1]").code, ErrorCode::kInvalid);
  EXPECT_EQ(Answered(400, {}, "bad\nquery").message, "http://p answered 400: bad\\u{a}query");
  EXPECT_EQ(Answered(401).code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(Answered(403).code, ErrorCode::kDenied);
  EXPECT_EQ(Answered(404).code, ErrorCode::kInvalid);
}

TEST(ProviderCall, ShowsTheBeginningOfALongBody) {
  EXPECT_LT(Answered(400, {}, std::string(100'000, 'x')).message.size(), 400u);
}

TEST(ProviderCall, SaysWhyThereIsNoAnswer) {
  EXPECT_EQ(Failure(Error{ErrorCode::kTimeout, "x"}).message, "http://p did not answer within 3s");
  EXPECT_EQ(Failure(Error{ErrorCode::kExhausted, "x"}).message,
            "the answer of http://p is larger than 1048576 bytes");
  EXPECT_EQ(Failure(Error{ErrorCode::kUnavailable, "start one with: portolan serve"}).message,
            "http://p does not answer");
  EXPECT_EQ(Failure(Error{ErrorCode::kCancelled, "x"}).code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace portolan::controller
