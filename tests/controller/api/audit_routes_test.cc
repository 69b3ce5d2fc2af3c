#include "tests/controller/api/audited_plan.h"

namespace portolan::controller {
namespace {

class AuditRoutesTest : public AuditedPlanTest {};

TEST_F(AuditRoutesTest, GiveEverythingThatThePlanWasMadeJudgedAndApprovedBy) {
  const Response response = Serve("GET", "/v1/plans/" + plan + "/audit");
  const manifests::Value body = Json(response);
  const manifests::Value& files = *body.Find("files");
  for (const char* path :
       {"package.json", "plan.json", "identity.json", "base.json", "approvals.json", "events.jsonl",
        "source/maps/flags.yaml", "source/policies/few.yaml", "policies/policies/few.yaml"})
    EXPECT_NE(files.Find(path), nullptr) << path;
  EXPECT_EQ(files.StringOr("base.json", ""), R"({"a":1,"b":1})");
  EXPECT_EQ("sha256:" + Sha256Of(files.StringOr("identity.json", "")).Hex(), plan);
  EXPECT_TRUE(Contains(files.StringOr("approvals.json", ""), "BEGIN SSH SIGNATURE"));
  EXPECT_TRUE(Contains(files.StringOr("events.jsonl", ""), "RolloutStarted"));
  EXPECT_TRUE(Contains(files.StringOr("source/maps/flags.yaml", ""), "{a: 2, b: 1}"));
}

TEST_F(AuditRoutesTest, NeedTheScopesReadAndSensitive) {
  const Response reader = Serve("GET", "/v1/plans/" + plan + "/audit", "", "reader");
  EXPECT_EQ(reader.status, 403);
  EXPECT_TRUE(Contains(reader.body, "scopes read and sensitive")) << reader.body;
  EXPECT_EQ(Serve("GET", "/v1/plans/" + plan + "/audit", "", "operator").status, 403);
}

TEST_F(AuditRoutesTest, KnowNoOtherPlan) {
  EXPECT_EQ(Send({"GET", "/v1/plans/" + Sha256Of("x").ToString() + "/audit"}).status, 404);
}

}  // namespace
}  // namespace portolan::controller
