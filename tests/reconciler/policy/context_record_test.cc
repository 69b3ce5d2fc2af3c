#include "reconciler/policy/context_record.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

TEST(ContextRecord, IsTheSameAfterItWasRead) {
  JudgeContext context;
  context.target = {"prod-eu", "prod", {"eu-1", "eu-2"}};
  context.actor = {"Ann <a@x>", "human", {"sre"}, "api"};
  context.commit = {{"a@x"}, {"maps/a.yaml"}, false};
  context.approvals = {{"bob", "sha256:1", {"sre"}, WallTime(std::chrono::hours(500'000))}};
  context.drift = {7, 2};
  context.masked = {{"other", {"db/*", "token/*"}}};
  context.now = WallTime(std::chrono::hours(500'001));
  const std::vector<PolicyOverride> overrides{
      {"few", Sha256Of("plan"), Sha256Of("text"), {"bob", "why"}, {"sre"}}};
  const manifests::Value value = JudgedInToValue(context, overrides);
  const auto read = JudgedInFromValue(value);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(manifests::CanonicalJson(JudgedInToValue(read->context, read->overrides)),
            manifests::CanonicalJson(value));
  EXPECT_EQ(read->context.target.regions, context.target.regions);
  EXPECT_EQ(read->context.approvals.at(0).groups, std::vector<std::string>{"sre"});
  EXPECT_EQ(read->overrides.at(0).note, (OverrideNote{"bob", "why"}));
  EXPECT_FALSE(read->context.commit.descends_from_live);
  EXPECT_EQ(read->context.drift.drifted, 2);
  EXPECT_EQ(read->context.masked, context.masked);
}

TEST(ContextRecord, WithoutATimeOrWithABadDigestItIsCorrupt) {
  manifests::Value value = JudgedInToValue({}, {});
  EXPECT_TRUE(JudgedInFromValue(value).ok());
  value.Set("at", "yesterday");
  EXPECT_EQ(JudgedInFromValue(value).error().code, ErrorCode::kCorrupt);
  value = JudgedInToValue({}, {});
  value.Set("masked", "other");
  EXPECT_EQ(JudgedInFromValue(value).error().code, ErrorCode::kCorrupt);
  value = JudgedInToValue({}, {{"few", Sha256Of("plan"), Sha256Of("text"), {}}});
  manifests::Value::Array bad{manifests::Value::Object{{"policy", "few"}, {"plan", "sha256:x"}}};
  value.Set("overrides", std::move(bad));
  EXPECT_FALSE(JudgedInFromValue(value).ok());
}

}  // namespace
}  // namespace portolan::reconciler
