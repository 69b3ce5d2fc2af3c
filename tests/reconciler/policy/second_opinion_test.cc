#include "reconciler/policy/second_opinion.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

// Answers what it is told to, and keeps the last request.
class ScriptedValidators final : public Validators {
 public:
  Result<ValidatorAnswer> Ask(const std::string& name, const manifests::Value& request) override {
    asked += name + " ";
    last = manifests::CanonicalJson(request);
    return answer;
  }

  Result<ValidatorAnswer> answer = ValidatorAnswer{true, "", {}};
  std::string asked;
  std::string last;
};

constexpr char kSoft[] = "  {scope: plan, level: soft, params: {most: 3}, validator: conftest}\n";

class SecondOpinion : public testing::Test {
 protected:
  SecondOpinion() { Use(kSoft); }
  void Use(const std::string& spec) {
    set_.policies.clear();
    set_.policies["checked"] = PolicyOf(spec, "checked");
  }
  PolicyVerdict Judge() {
    JudgeOptions options;
    options.validators = &validators_;
    return *scene_.Judge(set_, options).Find("checked");
  }

  CompiledSet set_;
  ScriptedValidators validators_;
  Scene scene_{{{"a", "1"}, {"token", "\"old\""}}, {{"a", "2"}, {"token", "\"new\""}}};
};

TEST_F(SecondOpinion, StandsInTheReportWithTheLevelOfItsPolicy) {
  EXPECT_EQ(Judge().outcome, Outcome::kAllow);
  EXPECT_EQ(validators_.asked, "conftest ");
  validators_.answer = ValidatorAnswer{false, "two are wrong", {{"a", "too big"}, {"b", ""}}};
  const PolicyVerdict verdict = Judge();
  EXPECT_EQ(verdict.outcome, Outcome::kDeny);
  EXPECT_EQ(verdict.level, manifests::PolicyLevel::kSoft);
  EXPECT_TRUE(verdict.blocks());
  EXPECT_EQ(verdict.message, "two are wrong");
  EXPECT_EQ(verdict.rule, "validator: conftest");
  EXPECT_EQ(verdict.denied, 2);
  EXPECT_EQ(verdict.keys.at(0), (DeniedKey{"a", "too big", false}));
}

TEST_F(SecondOpinion, AnyErrorDenies) {
  for (const ErrorCode code : {ErrorCode::kTimeout, ErrorCode::kNotFound, ErrorCode::kInvalid}) {
    validators_.answer = Error{code, "it went wrong"};
    const PolicyVerdict verdict = Judge();
    EXPECT_EQ(verdict.outcome, Outcome::kError);
    EXPECT_TRUE(verdict.blocks());
    EXPECT_EQ(verdict.message, "validator conftest: it went wrong");
  }
  const PolicyVerdict nobody = *scene_.Judge(set_).Find("checked");
  EXPECT_EQ(nobody.outcome, Outcome::kError);
  EXPECT_NE(nobody.message.find("no validators are configured here"), std::string::npos);
}

TEST_F(SecondOpinion, IsAskedOnlyWhereThePolicyApplies) {
  Use("  {scope: plan, level: disabled, validator: conftest}\n");
  EXPECT_EQ(Judge().outcome, Outcome::kSkipped);
  Use("  {scope: plan, level: hard, match: {ops: [delete]}, validator: conftest}\n");
  EXPECT_EQ(Judge().outcome, Outcome::kSkipped);
  Use("  {scope: plan, level: hard, match: {maps: [other]}, validator: conftest}\n");
  EXPECT_EQ(Judge().outcome, Outcome::kSkipped);
  EXPECT_EQ(validators_.asked, "");
}

TEST_F(SecondOpinion, AWaiverLiftsItsDenial) {
  validators_.answer = ValidatorAnswer{false, "no", {}};
  auto waiver = std::make_shared<manifests::Waiver>();
  waiver->name = "w";
  waiver->policy = "checked";
  waiver->maps = {"limits"};
  waiver->until = scene_.context.now + std::chrono::hours(1);
  set_.waivers["w"] = waiver;
  EXPECT_EQ(Judge().outcome, Outcome::kWaived);
}

TEST_F(SecondOpinion, ReadsThePlanAndTheWholeMapWithSensitiveValuesMasked) {
  scene_.declared().sensitive = {"token"};
  Judge();
  const std::string& request = validators_.last;
  for (const char* const part :
       {R"("apiVersion":"portolan.validation/v1")", R"("kind":"Plan")", R"("policy":"checked")",
        R"("params":{"most":3})", R"("name":"prod-eu")", R"("a":2)", R"("changes":[)"})
    EXPECT_NE(request.find(part), std::string::npos) << part << " in " << request;
  EXPECT_EQ(request.find("\"new\""), std::string::npos) << request;
  EXPECT_NE(request.find("«sensitive sha256:"), std::string::npos) << request;
}

TEST_F(SecondOpinion, JudgesMapsAsTheyAreServedToo) {
  Use("  {scope: live, level: soft, validator: promtool}\n");
  JudgeOptions options;
  options.validators = &validators_;
  const mapcore::VersionPtr live = Version({{"a", "7"}});
  scene_.context.live = live.get();
  const PolicyReport report = JudgeLive(set_, scene_.declared(), scene_.context, options);
  EXPECT_EQ(report.verdicts.at(0).outcome, Outcome::kAllow);
  EXPECT_NE(validators_.last.find(R"("entries":{"a":7})"), std::string::npos) << validators_.last;
  EXPECT_NE(validators_.last.find(R"("kind":"Live")"), std::string::npos) << validators_.last;
}

TEST_F(SecondOpinion, LongTextsAndManyKeysAreCut) {
  ValidatorAnswer answer{false, std::string(9000, 'x'), {}};
  for (int i = 0; i < 50; ++i) answer.keys.push_back({std::to_string(i), ""});
  validators_.answer = answer;
  const PolicyVerdict verdict = Judge();
  EXPECT_EQ(verdict.message.size(), kMessageBytesMax + std::string("…").size());
  EXPECT_EQ(verdict.keys.size(), kDeniedKeysMax);
  EXPECT_EQ(verdict.denied, 50);
}

}  // namespace
}  // namespace portolan::reconciler
