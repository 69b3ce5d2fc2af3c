#include "controller/audit/recorded_validators.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

using reconciler::Outcome;
using reconciler::PolicyVerdict;

PolicyVerdict Verdict(const std::string& policy, Outcome outcome, const std::string& message) {
  PolicyVerdict verdict;
  verdict.policy = policy;
  verdict.outcome = outcome;
  verdict.message = message;
  return verdict;
}

TEST(RecordedValidators, AnswerWhatTheyAnsweredThen) {
  reconciler::PolicyReport report;
  report.verdicts = {Verdict("fine", Outcome::kAllow, ""), Verdict("bad", Outcome::kDeny, "why"),
                     Verdict("broken", Outcome::kError, "it crashed")};
  report.verdicts[1].keys = {{"a", "too high"}};
  RecordedValidators recorded(report);
  const auto ask = [&](const std::string& policy) {
    return recorded.Ask("rules", manifests::Value::Object{{"policy", policy}});
  };
  EXPECT_TRUE(ask("fine")->allow);
  EXPECT_FALSE(ask("bad")->allow);
  EXPECT_EQ(ask("bad")->message, "why");
  EXPECT_EQ(ask("bad")->keys.at(0).key, "a");
  EXPECT_EQ(ask("broken").error().message, "it crashed");
  EXPECT_EQ(ask("another").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(recorded.asked(), 6);
}

}  // namespace
}  // namespace portolan::controller
