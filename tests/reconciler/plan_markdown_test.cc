#include "reconciler/plan_markdown.h"

#include <gtest/gtest.h>

#include "reconciler/plan_summary.h"
#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(PlanMarkdown, ReadsLikeThis) {
  Plan plan = SamplePlan();
  plan.maps.erase(plan.maps.begin());
  EXPECT_EQ(PlanMarkdown(plan), R"GOLDEN(### Plan of commit 8c1f0e2d1a2b on main

by Ana &#60;ana&#64;example.com&#62;: raise limits for checkout

| map | created | updated | deleted | keys | first step | |
|---|--:|--:|--:|--:|--:|---|
| rate-limits | 1 | 2 | 1 | 4 | 5 % |  |

<details><summary><b>rate-limits</b> 42a7053989ce -&#62; fb544ed93fc9: 1 created, 2 updated, 1 deleted, 1 unchanged</summary>

| | key | before | after |
|---|---|---|---|
| &#126; | <code>api/login</code> | <code>rps: 500</code> | <code>rps: 800</code> (+60 %) |
| - | <code>legacy</code> | <code>{"rps":5}</code> |  |
| + | <code>refund</code> |  | <code>{"rps":20}</code> |
| &#126; | <code>token/edge</code> | <code>«sensitive sha256:791e»</code> | <code>«sensitive sha256:8b9b»</code> |

**Blast radius**

- 4 of 5 keys change (80 %)
- first step: 5 % of subjects, about 1 in 20, get the whole new version; lookups without a subject stay on stable until 100 %
- steps: 5 % -&#62; 20 % -&#62; 100 %; 100 % after 2m at the earliest, known good after 7m
- in the canary from the first step by match rules, however many they are: subjects like "beta-&#42;"; subjects whose region is "eu"; matched subjects are left out of the evidence

Plan <code>sha256:924143e0614125e3dd83cdaf21681986ec76e56d399e3ced9adb1b5d2960aa56</code>

</details>

**broken is rejected** and keeps its last good version:

- <code>maps/broken.yaml:14:12: spec.entries."api/login".rps: expected an integer from 1 to 100000, found "20/s"</code>

**old-routes left git**: Retiring, it keeps serving until <code>portolan prune old-routes</code>

Plan: 1 to create, 2 to update, 1 to delete in 1 map; 0 held; 1 rejected.
)GOLDEN");
}

TEST(PlanMarkdown, ShowsWhatHoldsAMapOutsideTheCollapsedPart) {
  const Plan plan = SamplePlan();
  const std::string text = PlanMarkdown(plan);
  const std::string held =
      "**countries is held** by mass-delete-guard (soft): deletes 237 of 240 keys (98.8 %); "
      "allowed "
      "without approval: 2 % or 2 keys\n\nTo allow it: <code>portolan approve " +
      plan.maps[0].id.ToString() +
      " --despite mass-delete-guard --reason TEXT</code>\n\n<details><summary><b>countries</b>";
  EXPECT_TRUE(Contains(text, held)) << text;
  EXPECT_TRUE(Contains(text, "\nand 187 more (use -o json)\n"));
}

TEST(PlanMarkdown, EscapesEverythingThatMarkdownOrHtmlCouldTakeForMarkup) {
  EXPECT_EQ(
      EscapeMarkdown("<img src=x>&|`*_[]\\~@#!$"),
      "&#60;img src=x&#62;&#38;&#124;&#96;&#42;&#95;&#91;&#93;&#92;&#126;&#64;&#35;&#33;&#36;");
  Plan plan;
  plan.maps.push_back(PlanOf(Version({}), Desired("m", Version({{"a`|b", R"("</code>``@all")"}}))));
  EXPECT_TRUE(Contains(PlanMarkdown(plan),
                       "| + | <code>a&#96;&#124;b</code> |  | "
                       "<code>\"&#60;/code&#62;&#96;&#96;&#64;all\"</code> |\n"));
}

TEST(PlanMarkdown, FitsIntoACommentHoweverLargeThePlan) {
  Plan plan;
  Pairs after;
  for (int i = 0; i < 60; ++i) {
    after.emplace_back(std::string(400, '|') + std::to_string(i),
                       "\"" + std::string(900, '`') + "\"");
  }
  const MapPlan map = PlanOf(Version({}), Desired("m", Version(after)));
  for (int i = 0; i < 150; ++i) {
    plan.maps.push_back(map);
    plan.removed.push_back("gone-" + std::to_string(i));
    manifests::Diagnostic diagnostic;
    diagnostic.message = std::string(5'000, '<');
    plan.rejected["bad-" + std::to_string(i)] = std::vector<manifests::Diagnostic>(30, diagnostic);
  }
  const std::string text = PlanMarkdown(plan);
  EXPECT_LE(text.size(), kMarkdownBytesMax);
  EXPECT_TRUE(Contains(text, "and 50 more maps\n"));
  EXPECT_TRUE(Contains(text, " of 150 maps with changes do not fit here**"));
  EXPECT_TRUE(Contains(text, " of 150 rejected maps do not fit here**"));
  EXPECT_TRUE(text.ends_with(SummaryLine(plan) + "\n"));
}

TEST(PlanMarkdown, OfNoChangeSaysSo) {
  EXPECT_EQ(PlanMarkdown(Plan{}),
            "### Plan of the working tree\n\nNo map changes.\n\n" + SummaryLine(Plan{}) + "\n");
}

}  // namespace
}  // namespace portolan::reconciler
