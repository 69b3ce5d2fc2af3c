#include "tests/controller/api/audited_plan.h"

namespace portolan::controller {
namespace {

using manifests::Value;

class PlanRoutesTest : public AuditedPlanTest {
 protected:
  static std::size_t CountOf(const Value& answer, const char* member) {
    return answer.Find(member)->as_array().size();
  }
};

TEST_F(PlanRoutesTest, GiveTheNewestPlansFirstWithTheFilesOfTheirCommitsOnce) {
  const Value answer = Json(Serve("GET", "/v1/plans"));
  const auto& plans = answer.Find("plans")->as_array();
  ASSERT_EQ(plans.size(), 3u);  // flags and routes for the first time, then flags
  EXPECT_EQ(plans[0].StringOr("id", ""), plan);
  EXPECT_NE(plans[0].Find("judgedIn"), nullptr);
  EXPECT_EQ(CountOf(answer, "commits"), 2u);
  std::size_t paths = 0;
  for (const Value& commit : answer.Find("commits")->as_array())
    for (const auto& [path, content] : commit.Find("files")->as_object()) {
      ++paths;
      EXPECT_NE(answer.Find("contents")->Find(content.as_string()), nullptr) << path;
    }
  // Of all files only the map's entries differ between the two commits.
  EXPECT_EQ(paths, 2 * (answer.Find("contents")->as_object().size() - 1));
  EXPECT_TRUE(answer.Find("next")->is_null());
}

TEST_F(PlanRoutesTest, GoOnWhereTheLastAnswerEnded) {
  const Value first = Json(Serve("GET", "/v1/plans?limit=2"));
  EXPECT_EQ(CountOf(first, "plans"), 2u);
  EXPECT_EQ(first.IntOr("next", 0), 2);
  const Value rest = Json(Serve("GET", "/v1/plans?limit=2&skip=2"));
  EXPECT_EQ(CountOf(rest, "plans"), 1u);
  EXPECT_TRUE(rest.Find("next")->is_null());
  EXPECT_EQ(CountOf(Json(Serve("GET", "/v1/plans?source=audited")), "plans"), 3u);
  EXPECT_EQ(CountOf(Json(Serve("GET", "/v1/plans?source=other")), "plans"), 0u);
}

TEST_F(PlanRoutesTest, SayWhyACommitCannotBeRead) {
  source.git.FailOpens({ErrorCode::kCorrupt, "CorruptMirror: gone"});
  const Value answer = Json(Serve("GET", "/v1/plans"));
  EXPECT_EQ(CountOf(answer, "plans"), 3u);
  ASSERT_EQ(CountOf(answer, "unreadable"), 2u);
  EXPECT_TRUE(Contains(
      std::string(answer.Find("unreadable")->as_array()[0].StringOr("message", "")), "gone"));
}

TEST_F(PlanRoutesTest, NeedTheScopesReadAndSensitiveAndASoundQuery) {
  EXPECT_EQ(Serve("GET", "/v1/plans", "", "reader").status, 403);
  EXPECT_EQ(Send({"GET", "/v1/plans?limit=0"}).status, 400);
  EXPECT_EQ(Send({"GET", "/v1/plans?limit=many"}).status, 400);
}

}  // namespace
}  // namespace portolan::controller
