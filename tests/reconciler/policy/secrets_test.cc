#include "reconciler/policy/secrets.h"

#include <gtest/gtest.h>

#include "reconciler/plan_json.h"
#include "reconciler/plan_markdown.h"
#include "reconciler/plan_text.h"
#include "reconciler/policy/report_json.h"
#include "reconciler/policy/report_markdown.h"
#include "reconciler/policy/report_text.h"
#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

// No key of anybody: put together here, so that scanners of this repository stay quiet.
const std::string kSecret = std::string("AKIA") + "IOSFODNN7EXAMPLE";
const std::string kQuoted = "\"" + kSecret + "\"";

CompiledSet SetOf(const std::string& spec, const std::string& name) {
  CompiledSet set = *FloorSet();
  set.policies[name] = PolicyOf(spec, name);
  return set;
}

// Everything that is printed or stored of the plan and what the set says of it.
std::string Everything(const MapPlan& plan, const PolicyReport& report) {
  Plan whole;
  whole.maps = {plan};
  return manifests::WriteJson(MapPlanToValue(plan)) + PlanText(whole, {}) + PlanMarkdown(whole) +
         manifests::WriteJson(ReportToValue(report)) + ReportText(report) + ReportMarkdown(report);
}

struct Printed {
  MapPlan plan;
  PolicyReport report;
  std::string text;
};

Printed Print(Scene& scene, const CompiledSet& set) {
  Printed printed{scene.Plan(), {}, {}};
  MarkSecrets(&set, printed.plan);
  scene.Prepare();
  printed.report = Judge(set, printed.plan, scene.context);
  printed.text = Everything(printed.plan, printed.report);
  return printed;
}

TEST(Secrets, AKeyThatIsDeniedForASecretIsPrintedNowhere) {
  Scene scene({{"plain", "1"}}, {{"aws", kQuoted}, {"plain", "2"}});
  const Printed printed = Print(scene, *FloorSet());
  EXPECT_EQ(printed.plan.secrets, std::vector<std::string>{"aws"});
  EXPECT_EQ(printed.report.Find("no-secret-in-clear")->outcome, Outcome::kDeny);
  EXPECT_EQ(printed.text.find(kSecret), std::string::npos) << printed.text;
  EXPECT_NE(printed.text.find("«redacted sha256:" + Sha256Of(kQuoted).Hex().substr(0, 4) + "»"),
            std::string::npos)
      << printed.text;
}

TEST(Secrets, NoOtherPolicyPrintsItEither) {
  Scene scene({{"aws", "1"}}, {{"aws", kQuoted}});
  for (const char* const spec :
       {"  {scope: change, level: hard, rule: change.new == 1, message: \"string(change.new)\"}\n",
        "  {scope: plan, level: hard, rule: \"desired.all(k, v, v == 1)\","
        " message: \"desired['aws']\"}\n",
        "  {scope: plan, level: hard, rule: \"maps['limits'].all(k, v, v == 1)\","
        " message: \"maps['limits']['aws']\"}\n",
        "  {scope: plan, level: hard, rule: \"plan.changes.all(c, c.new == 1)\","
        " message: \"'got ' + plan.changes[0].new\"}\n",
        "  {scope: change, level: hard, rule: int(change.new) == 1}\n"}) {
    const Printed printed = Print(scene, SetOf(spec, "curious"));
    EXPECT_TRUE(printed.report.Find("curious")->blocks()) << spec;
    EXPECT_EQ(printed.text.find(kSecret), std::string::npos) << printed.text;
  }
}

TEST(Secrets, WhatReplacesOrDeletesASecretDoesNotPrintTheOldOne) {
  Scene replaced({{"aws", kQuoted}}, {{"aws", R"({"secretRef":"aws"})"}});
  Printed printed = Print(replaced, *FloorSet());
  EXPECT_FALSE(printed.report.Find("no-secret-in-clear")->blocks());
  EXPECT_EQ(printed.text.find(kSecret), std::string::npos) << printed.text;
  Scene deleted({{"aws", kQuoted}, {"b", "1"}}, {{"b", "1"}});
  printed = Print(deleted, *FloorSet());
  EXPECT_EQ(printed.text.find(kSecret), std::string::npos) << printed.text;
}

TEST(Secrets, ThePatternsOfTheSetCountBesideTheFloor) {
  Scene scene({}, {{"aws", kQuoted}, {"pin", "\"4711-0815\""}, {"x", "\"fine\""}});
  const Printed printed =
      Print(scene, SetOf("  {scope: change, level: hard, params: {shape: '^[0-9-]+$'},"
                         " rule: \"!string(change.new).matches(params.shape)\"}\n",
                         "no-secret-in-clear"));
  EXPECT_EQ(printed.plan.secrets, (std::vector<std::string>{"aws", "pin"}));
  EXPECT_EQ(printed.text.find("4711-0815"), std::string::npos) << printed.text;
  EXPECT_NE(printed.text.find("fine"), std::string::npos);
}

TEST(Secrets, ASetWhosePolicyAsksForMoreThanTheChangeLeavesItToTheFloor) {
  Scene scene({}, {{"aws", kQuoted}, {"x", "\"fine\""}});
  const Printed printed = Print(
      scene,
      SetOf("  {scope: change, level: hard, rule: target.tier == 'dev'}\n", "no-secret-in-clear"));
  EXPECT_EQ(printed.plan.secrets, std::vector<std::string>{"aws"});
}

}  // namespace
}  // namespace portolan::reconciler
