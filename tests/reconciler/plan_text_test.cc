#include "reconciler/plan_text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "reconciler/plan_summary.h"
#include "reconciler/text_format.h"
#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(PlanText, ReadsLikeThis) {
  PlanTextOptions options;
  options.max_changes = 4;
  EXPECT_EQ(PlanText(SamplePlan(), options), R"GOLDEN(Plan of commit 8c1f0e2d1a2b on main
  by Ana <ana@example.com>: raise limits for checkout

map countries  866e3e580021 -> d16a05eb60c5
  - k10  1
  - k100  1
  - k101  1
  - k102  1
    and 233 more (use -o json): 233 deleted
  keys: 240 -> 3; 0 created, 0 updated, 237 deleted, 3 unchanged
  blast radius:
    237 of 240 keys change (98.8 %)
    first step: 5 % of subjects, about 1 in 20, get the whole new version;
      lookups without a subject stay on stable until 100 %
    steps: 5 % -> 20 % -> 100 %; 100 % after 2m at the earliest, known good
      after 7m
  note: no analysis: only hard limits guard this rollout
  ! held by mass-delete-guard (soft): deletes 237 of 240 keys (98.8 %); allowed
      without approval: 2 % or 2 keys
    to allow it:
      portolan approve sha256:e45d4cbade71ec65c6bf518246dc9bd75c5bf785b19a5fc727c2c3614dced1c0 --despite mass-delete-guard --reason TEXT

map rate-limits  42a7053989ce -> fb544ed93fc9
  ~ api/login  rps 500 -> 800 (+60 %)
  - legacy  {"rps":5}
  + refund  {"rps":20}
  ~ token/edge  «sensitive sha256:791e» -> «sensitive sha256:8b9b»
  keys: 4 -> 4; 1 created, 2 updated, 1 deleted, 1 unchanged
  blast radius:
    4 of 5 keys change (80 %)
    first step: 5 % of subjects, about 1 in 20, get the whole new version;
      lookups without a subject stay on stable until 100 %
    steps: 5 % -> 20 % -> 100 %; 100 % after 2m at the earliest, known good
      after 7m
    in the canary from the first step by match rules, however many they are:
      subjects like "beta-*"; subjects whose region is "eu"; matched subjects
      are left out of the evidence

map broken  rejected: keeps its last good version
  ! maps/broken.yaml:14:12: spec.entries."api/login".rps: expected an integer
      from 1 to 100000, found "20/s"

map old-routes  removed from git
  Retiring: it keeps serving until `portolan prune old-routes`

1 map is unchanged.
Plan: 1 to create, 2 to update, 238 to delete in 2 maps; 1 held; 1 rejected.
)GOLDEN");
}

TEST(PlanText, KeepsToTheWidthButForTheLinesThatAreCopiedOrSearchedFor) {
  for (const int width : {24, 40, 80, 120}) {
    for (const std::string& line : Lines(PlanText(SamplePlan(), {width, false, 50}))) {
      if (line.find("portolan approve") != std::string::npos || line.starts_with("Plan: "))
        continue;
      EXPECT_LE(CellCount(line), static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST(PlanText, WithoutAWidthWrapsNothing) {
  const std::string text = PlanText(SamplePlan(), {0, false, 50});
  EXPECT_NE(
      text.find("    steps: 5 % -> 20 % -> 100 %; 100 % after 2m at the earliest, known good after "
                "7m\n"),
      std::string::npos);
}

TEST(PlanText, ColoursSignsAndNothingElseChanges) {
  std::string colored = PlanText(SamplePlan(), {80, true, 50});
  EXPECT_NE(colored.find("  \x1b[31m-\x1b[0m legacy"), std::string::npos);
  EXPECT_NE(colored.find("  \x1b[32m+\x1b[0m refund"), std::string::npos);
  for (const std::string code :
       {"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"}) {
    for (std::size_t at; (at = colored.find(code)) != std::string::npos;)
      colored.erase(at, code.size());
  }
  EXPECT_EQ(colored, PlanText(SamplePlan(), {80, false, 50}));
}

TEST(PlanText, CountsTheRestByActionSoThatDeletionsDoNotHide) {
  Plan plan;
  Pairs after;
  for (int i = 0; i < 1'236; ++i) after.emplace_back("a" + std::to_string(10'000 + i), "1");
  plan.maps.push_back(PlanOf(Numbered(2), Desired("m", Version(after))));
  const std::string text = PlanText(plan, {0, false, 2});
  EXPECT_NE(text.find("  + a10000  1\n  + a10001  1\n"
                      "    and 1,236 more (use -o json): 1,234 created, 2 deleted\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("a10002"), std::string::npos);
}

TEST(PlanText, NeverPrintsASensitiveValue) {
  const std::string text = PlanText(SamplePlan(), {0, false, 50});
  EXPECT_EQ(text.find("secret\""), std::string::npos);
  EXPECT_NE(text.find("~ token/edge  «sensitive sha256:"), std::string::npos);
}

TEST(PlanText, EscapesWhatACommitCouldSmuggleIn) {
  Plan plan;
  plan.revision = Commit();
  plan.revision.subject = "x\x1b]0;owned\x07";
  plan.revision.author =
      "\xe2\x80\xae"
      "Eve";
  const std::string text = PlanText(plan, {80, false, 50});
  EXPECT_NE(text.find("  by \\u{202e}Eve: x\\u{1b}]0;owned\\u{7}\n"), std::string::npos) << text;
}

TEST(PlanText, OfNoChangeSaysSo) {
  Plan plan;
  plan.unchanged = 12;
  EXPECT_EQ(PlanText(plan, {}),
            "Plan of the working tree\n\n12 maps are unchanged.\n" + SummaryLine(plan) + "\n");
}

}  // namespace
}  // namespace portolan::reconciler
