#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class SystemRoutesTest : public ApiTest {};

TEST_F(SystemRoutesTest, LivesAndTellsItsVersionAndMetrics) {
  EXPECT_EQ(Send({"GET", "/livez"}, "").body, "ok\n");
  EXPECT_EQ(GetJson("/v1/version").StringOr("version", ""), "1.2.3");
  const Response metrics = Send({"GET", "/metrics"}, "");
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.body, "portolan_journalled 1\n");
}

TEST_F(SystemRoutesTest, IsReadyWhileEveryMapIsServedAndStored) {
  EXPECT_EQ(Send({"GET", "/readyz"}, "").status, 200);
  StartRollout();
  world.store.FailWrites(DiskFull());
  ASSERT_EQ(Post("/v1/maps/limits/abort", "").status, 507);
  const Response unstored = Send({"GET", "/readyz"}, "");
  EXPECT_EQ(unstored.status, 503);
  EXPECT_TRUE(Contains(unstored.body, "Unjournalled"));
  EXPECT_FALSE(GetJson("/v1/status").Find("daemon")->BoolOr("ready", true));
  world.store.Heal();
  world.Pass(std::chrono::seconds(2));
  EXPECT_EQ(Send({"GET", "/readyz"}, "").status, 200);
  world.catalog.Remove("limits");
  const Response unserved = Send({"GET", "/readyz"}, "");
  EXPECT_EQ(unserved.status, 503);
  EXPECT_TRUE(Contains(unserved.body, "map limits is not served yet"));
}

TEST_F(SystemRoutesTest, PublishesTheFormulaWithVectorsThatItKeeps) {
  const manifests::Value body = Json(Send({"GET", "/v1/spec/bucketing"}, ""));
  ASSERT_GE(body.Find("vectors")->as_array().size(), 5u);
  for (const manifests::Value& vector : body.Find("vectors")->as_array()) {
    const auto hash = static_cast<std::uint64_t>(vector.IntOr("hash", -1));
    EXPECT_EQ(vector.IntOr("bucket", -1), static_cast<std::int64_t>(hash * 100'000 >> 32));
  }
  EXPECT_EQ(body.Find("vectors")->as_array()[0].IntOr("hash", 0),
            static_cast<std::int64_t>(mapcore::Murmur3("m1:user-1", 0)));
}

}  // namespace
}  // namespace portolan::controller
