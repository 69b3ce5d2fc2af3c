#include "tests/controller/api/audited_plan.h"

namespace portolan::controller {
namespace {

using manifests::Value;

class PolicyRoutesTest : public AuditedPlanTest {
 protected:
  // What is counted of "few", which allows all three plans of the fixture.
  static std::int64_t Count(const Value& answer, const char* member) {
    for (const Value& week : answer.Find("policies")->as_array())
      if (week.StringOr("policy", "") == "few") return week.IntOr(member, -1);
    return -1;
  }
  Value Stats(const std::string& query) { return Json(Serve("GET", "/v1/policies/stats" + query)); }
};

TEST_F(PolicyRoutesTest, CountWhatPoliciesSaidOfTheStoredPlans) {
  const Value answer = Stats("");
  EXPECT_EQ(answer.IntOr("plans", 0), 3) << manifests::WriteJson(answer);
  EXPECT_EQ(Count(answer, "plans"), 3);
  EXPECT_EQ(Count(answer, "allow"), 3);
  EXPECT_EQ(Count(answer, "deny"), 0);
}

TEST_F(PolicyRoutesTest, CountTheDenialsOfAnAdvisoryPolicyThatStopsNothing) {
  FileTexts files = Files("{a: 2, b: 1}");
  files["policies/tried.yaml"] =
      "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: tried, owner: o}\nspec:\n"
      "  scope: plan\n  level: advisory\n  rule: plan.changed < 1\n";
  source.git.Push('c', files);
  source.LookLater();
  const auto waits = source.source.status().policy_plan;
  ASSERT_TRUE(waits.has_value());
  ASSERT_EQ(Serve("POST", "/v1/plans/" + waits->id.ToString() + "/approve").status, 200);
  world.Pass(std::chrono::minutes(11));
  source.LookLater();
  files["maps/flags.yaml"] = Files("{a: 3, b: 1}")["maps/flags.yaml"];
  source.git.Push('d', files);
  source.LookLater();
  const Value answer = Stats("?map=flags");
  bool found = false;
  for (const Value& week : answer.Find("policies")->as_array()) {
    if (week.StringOr("policy", "") != "tried") continue;
    found = true;
    EXPECT_EQ(week.StringOr("level", ""), "advisory");
    EXPECT_EQ(week.IntOr("deny", 0), 1);
  }
  EXPECT_TRUE(found) << manifests::WriteJson(answer);
}

TEST_F(PolicyRoutesTest, CountOnlyWhatIsAskedFor) {
  EXPECT_EQ(Stats("?map=flags").IntOr("plans", 0), 2);
  EXPECT_EQ(Stats("?source=audited&map=routes").IntOr("plans", 0), 1);
  EXPECT_EQ(Stats("?since=" + FormatTime(world.clock.now().wall)).IntOr("plans", -1), 0);
  EXPECT_EQ(Stats("?source=edge").IntOr("plans", -1), 0);
}

TEST_F(PolicyRoutesTest, KnowWhatNobodyHasHeardOf) {
  EXPECT_EQ(Send({"GET", "/v1/policies/stats?source=edg"}).status, 404);
  EXPECT_EQ(Send({"GET", "/v1/policies/stats?map=flag"}).status, 404);
  EXPECT_EQ(Send({"GET", "/v1/policies/stats?since=monday"}).status, 400);
  EXPECT_EQ(Serve("GET", "/v1/policies/stats", "", "client").status, 403);
  EXPECT_EQ(Serve("GET", "/v1/policies/stats", "", "reader").status, 200);
}

}  // namespace
}  // namespace portolan::controller
