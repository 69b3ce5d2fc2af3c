#include "controller/cli/http_transport.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

TEST(HttpTransport, RefusesAServerThatIsNoAddress) {
  const auto transport = ConnectHttp({"gopher://x", ""});
  ASSERT_FALSE(transport.ok());
  EXPECT_EQ(transport.error().code, ErrorCode::kInvalid);
}

TEST(HttpTransport, SaysUnavailableWhenNobodyListensOnTheSocket) {
  const auto transport =
      ConnectHttp({"unix://" + testing::TempDir() + "/portolan-nobody.sock", ""});
  ASSERT_TRUE(transport.ok()) << transport.error().message;
  const auto answer = (*transport)
                          ->Do({.method = "GET",
                                .target = "/v1/maps",
                                .body = "",
                                .headers = {},
                                .deadline = std::chrono::seconds(2)});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable) << answer.error().message;
}

}  // namespace
}  // namespace portolan::controller
