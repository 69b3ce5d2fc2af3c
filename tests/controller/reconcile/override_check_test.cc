#include "controller/reconcile/override_check.h"

#include "reconciler/rollout/marks.h"
#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

using manifests::Value;

const std::string kMap =
    "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\nspec:\n"
    "  keySchema: {maxLength: 12}\n"
    "  schema: {type: object, required: [rps], properties: {rps: {type: integer, maximum: 100}}}\n"
    "  sensitive: [\"token/*\"]\n"
    "  rollout: {strategy: quick}\n  entries: {api/login: {rps: 10}, api/search: {rps: 20}}\n";
const std::string kPolicy =
    "apiVersion: portolan/v1\nkind: Policy\n"
    "metadata: {name: floor, owner: sre@example.com}\nspec:\n  scope: change\n  level: LEVEL\n"
    "  rule: 'change.op == \"delete\" || change.new.rps >= 2'\n"
    "  message: \"'rps ' + string(change.new.rps)\"\n";

class OverrideCheckTest : public testing::Test {
 protected:
  void Push(char commit, const std::string& level) {
    FileTexts files{{"strategies/quick.yaml", kQuickStrategyText}, {"maps/limits.yaml", kMap}};
    std::string policy = kPolicy;
    policy.replace(policy.find("LEVEL"), 5, level);
    if (!level.empty()) files["policies/floor.yaml"] = policy;
    edge.Push(commit, files);
    world.Pass(std::chrono::minutes(2));
  }
  // "value", or "code: message".
  std::string Check(const std::string& key, const std::string& value) {
    mapcore::ReadGuard guard;
    const auto rules = edge.source.override_rules();
    if (rules == nullptr) return "no rules";
    const auto checked =
        CheckOverride(*rules, {"limits", key, *manifests::ParseJson(value), "user:ana"},
                      {*world.catalog.Find(guard, "limits")->stable,
                       reconciler::ServedMarksOf(world.rollouts.All())},
                      world.clock.now().wall);
    return checked.ok()
               ? *checked
               : std::string(ErrorCodeName(checked.error().code)) + ": " + checked.error().message;
  }

  MemoryStore disk;
  World world{disk};
  FollowedSource edge{world, SettingsOf("edge")};
};

TEST_F(OverrideCheckTest, KnowsNoRulesBeforeTheFirstCommit) {
  EXPECT_EQ(edge.source.override_rules(), nullptr);
}

TEST_F(OverrideCheckTest, TakesAValueOfTheSchemaInCanonicalForm) {
  Push('a', "");
  EXPECT_EQ(Check("api/login", R"({ "rps" : 5.0 })"), R"({"rps":5})");
  EXPECT_EQ(Check("api/new", R"({"rps":5})"), R"({"rps":5})") << "a key that git does not have";
}

TEST_F(OverrideCheckTest, RefusesWhatACommitMayNotSayEither) {
  Push('a', "");
  EXPECT_EQ(Check("api/login", R"({"rps":500})"),
            "invalid: no override: \"api/login\".rps: expected an integer of at most 100, found "
            "500");
  EXPECT_NE(Check("api/login", "{}").find("missing required field \"rps\""), std::string::npos);
  EXPECT_NE(Check("api/login", "null").find("expected a value, found null"), std::string::npos);
  EXPECT_NE(Check("a-key-that-is-too-long", R"({"rps":5})").find("keySchema"), std::string::npos);
}

TEST_F(OverrideCheckTest, DoesNotRepeatASensitiveValueThatIsWrong) {
  Push('a', "");
  EXPECT_EQ(Check("token/x", R"({"rps":987654})").find("987654"), std::string::npos);
}

TEST_F(OverrideCheckTest, IsStoppedByAHardPolicyAndNotByASoftOne) {
  Push('a', "soft");
  EXPECT_EQ(Check("api/login", R"({"rps":1})"), R"({"rps":1})");
  Push('b', "hard");
  EXPECT_EQ(Check("api/login", R"({"rps":1})"), R"({"rps":1})") << "before an owner approved it";
  auto approved = edge.source.ApprovePolicies(
      {edge.source.status().policy_plan.value().id, "user:sre", "incident 4711"});
  edge.Look();
  ASSERT_TRUE(approved.get().ok());
  EXPECT_EQ(Check("api/login", R"({"rps":1})"), "denied: no override: policy floor (hard): rps 1");
  EXPECT_EQ(Check("api/login", R"({"rps":3})"), R"({"rps":3})");
}

TEST_F(OverrideCheckTest, KeepsTheRulesOfAMapWhoseNewestDeclarationIsRejected) {
  Push('a', "");
  edge.Push('b', {{"strategies/quick.yaml", kQuickStrategyText},
                  {"maps/limits.yaml", MapText("limits", "[broken]")}});
  EXPECT_EQ(Check("api/login", R"({"rps":5})"), R"({"rps":5})");
  EXPECT_NE(Check("api/login", R"({"rps":500})").find("invalid"), std::string::npos);
}

TEST_F(OverrideCheckTest, KnowsNothingOfAMapThatNoCommitDeclaresWell) {
  Push('a', "");
  const auto rules = edge.source.override_rules();
  const auto checked = CheckOverride(*rules, {"other", "k", Value(1), "user:ana"},
                                     {*mapcore::MapVersion::Empty(), {}}, world.clock.now().wall);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, ErrorCode::kUnavailable);
}

TEST_F(OverrideCheckTest, RefusesARegulatedMapAlsoWhenItsManifestSaysSoNoMore) {
  Push('a', "");
  FileTexts files{{"strategies/quick.yaml", kQuickStrategyText},
                  {"maps/limits.yaml", kMap + "  class: regulated\n"}};
  edge.Push('b', files);
  const std::string refusal =
      "denied: no override: map \"limits\" is regulated, and an override would change it without a "
      "signed answer; commit the value and have its plan answered (portolan approve PLAN --signed "
      "FILE), or go back: rollback, abort and lock ask nobody";
  EXPECT_EQ(Check("api/login", R"({"rps":5})"), refusal);
  Push('c', "");
  EXPECT_EQ(Check("api/login", R"({"rps":5})"), refusal);
}

TEST_F(OverrideCheckTest, ItsRefusalDoesNotShowWhatIsMaskedThoughGitMarksItNoMore) {
  FileTexts files = MarkedMaps(
      "limits", "'beside ' + live['db/password'] + ' and ' + maps['other']['db/password']");
  edge.Push('a', files);
  world.Pass(std::chrono::minutes(2));
  for (const std::string name : {"limits", "other"})
    ASSERT_TRUE(world.Do(name, reconciler::Verb::kPause).ok());
  files["maps/limits.yaml"] = MapText("limits", "{a: 1}");
  files["maps/other.yaml"] = MapText("other", "{b: 1, db/password: hunter3}");
  edge.Push('b', files);
  ASSERT_EQ(world.Phase("limits"), "Held");
  ASSERT_EQ(world.Phase("other"), "Held");
  const std::string refusal = Check("a", "2");
  EXPECT_TRUE(refusal.starts_with("denied: no override: policy keep (hard): beside «sensitive"))
      << refusal;
  EXPECT_EQ(refusal.find("hunter"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace portolan::controller
