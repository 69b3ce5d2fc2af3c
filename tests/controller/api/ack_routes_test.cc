#include "tests/controller/api/api_fixture.h"

namespace portolan::controller {
namespace {

class AckRoutesTest : public ApiTest {
 protected:
  std::string Item(const std::string& status, const mapcore::VersionPtr& version) const {
    return R"({"map":"limits","digest":")" + version->digest().ToString() + R"(","status":")" +
           status + R"(","reason":"rps is 0"})";
  }
  static std::string Body(const std::string& items, const std::string& more = "") {
    return R"({"instance":"checkout-7f","lease":20)" + more + R"(,"items":[)" + items + "]}";
  }
  // "accepted/ignored".
  std::string Answer(const std::string& body) {
    const Response response = Post("/v1/acks", body);
    EXPECT_EQ(response.status, 202) << response.body;
    world.Process();
    return std::to_string(Json(response).IntOr("accepted", -1)) + "/" +
           std::to_string(Json(response).IntOr("ignored", -1));
  }
  manifests::Value Instances(const std::string& query = "") {
    return *GetJson("/v1/instances" + query).Find("instances");
  }
};

TEST_F(AckRoutesTest, ListsWhatAnInstanceAppliedAndWhatIsLeftOfItsLease) {
  EXPECT_EQ(Answer(Body(Item("applied", world.limits_1))), "1/0");
  world.clock.Advance(std::chrono::seconds(5));
  const manifests::Value instances = Instances("?map=limits");
  ASSERT_EQ(instances.as_array().size(), 1u);
  const manifests::Value& one = instances.as_array().front();
  EXPECT_EQ(one.StringOr("instance", ""), "checkout-7f");
  EXPECT_EQ(one.StringOr("map", ""), "limits");
  EXPECT_EQ(one.StringOr("status", ""), "applied");
  EXPECT_EQ(one.Find("applied")->as_array().front().as_string(),
            world.limits_1->digest().ToString());
  EXPECT_EQ(one.IntOr("leaseLeftMs", 0), 15'000);
  world.clock.Advance(std::chrono::seconds(16));
  EXPECT_EQ(Instances().as_array().front().StringOr("status", ""), "lost");
}

TEST_F(AckRoutesTest, RenewsAllLeasesOfAnInstanceWithoutItems) {
  Answer(Body(Item("applied", world.limits_1)));
  world.clock.Advance(std::chrono::seconds(15));
  EXPECT_EQ(Answer(R"({"instance":"checkout-7f","lease":20})"), "0/0");
  EXPECT_EQ(Instances().as_array().front().IntOr("leaseLeftMs", 0), 20'000);
}

TEST_F(AckRoutesTest, ForgetsAnInstanceThatSaysGoodbye) {
  Answer(Body(Item("applied", world.limits_1)));
  Answer(R"({"instance":"checkout-7f","goodbye":true})");
  EXPECT_TRUE(Instances().as_array().empty());
}

TEST_F(AckRoutesTest, RollsBackAtARejection) {
  StartRollout();
  EXPECT_EQ(Answer(Body(Item("rejected", world.limits_2))), "1/0");
  world.Process();
  EXPECT_EQ(world.Phase("limits"), "RolledBack");
  const manifests::Value status = GetJson("/v1/maps/limits/status");
  EXPECT_EQ(status.StringOr("reason", ""), "RejectedByInstance");
  EXPECT_TRUE(Contains(status.StringOr("message", ""), "rps is 0"));
}

TEST_F(AckRoutesTest, SaysInTheStatusWhatAStepWaitsFor) {
  StartRollout();
  EXPECT_EQ(GetJson("/v1/maps/limits/status").Find("instances")->StringOr("message", ""),
            "no instances known: steps wait for reports and time only");
  Answer(Body(Item("applied", world.limits_1)));
  const manifests::Value instances = *GetJson("/v1/maps/limits/status").Find("instances");
  EXPECT_EQ(instances.IntOr("live", 0), 1);
  EXPECT_EQ(instances.IntOr("converged", -1), 0);
  EXPECT_EQ(instances.StringOr("message", ""),
            "0 of 1 instances acknowledged; still missing: checkout-7f");
}

TEST_F(AckRoutesTest, IgnoresMapsThatNobodyKnows) {
  EXPECT_EQ(Answer(Body(R"({"map":"other","status":"alive"})")), "0/1");
  EXPECT_EQ(Problem(Get("/v1/instances?map=other")),
            "not_found: no map \"other\"; see: portolan status");
}

TEST_F(AckRoutesTest, SaysWhichFieldIsWrong) {
  const auto problem = [&](const std::string& body) { return Problem(Post("/v1/acks", body)); };
  EXPECT_EQ(problem("{}"), "invalid: instance: expected the instance's name, 1 to 128 bytes");
  EXPECT_EQ(problem(R"({"instance":"a","lease":0})"),
            "invalid: lease: expected whole seconds from 1 to 3600");
  EXPECT_EQ(problem(R"({"instance":"a","lease":9223372036854775807})"),
            "invalid: lease: expected whole seconds from 1 to 3600");
  EXPECT_EQ(problem(R"({"instance":"a","items":[{"map":"limits","status":"pending"}]})"),
            "invalid: items[0].status: expected applied, rejected, crashed or alive");
  EXPECT_EQ(problem(R"({"instance":"a","items":[{"map":"limits","status":"applied"}]})"),
            "invalid: items[0].digest: expected the digest that the lookup gave");
}

TEST_F(AckRoutesTest, NeedsTheRightToReport) {
  EXPECT_EQ(Send({"POST", "/v1/acks", "{}"}, "reader").status, 403);
  EXPECT_EQ(Send({"GET", "/v1/instances"}, "client").status, 403);
}

}  // namespace
}  // namespace portolan::controller
