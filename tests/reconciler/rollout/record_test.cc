#include "reconciler/rollout/record.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

VersionRef VersionOf(std::string_view content, std::uint64_t number) {
  VersionRef version;
  version.digest = Sha256Of(content);
  version.number = number;
  version.size = 3;
  version.revision = {"main", std::string(40, 'a'), "Ana <ana@example.com>", "raise limits",
                      WallTime(Duration(1'000))};
  return version;
}

Rollout FullRollout() {
  const WallTime at(Duration(1'700'000'000'123));
  Rollout r;
  r.map = "limits";
  r.source = "edge";
  r.number = 7;
  r.phase = Phase::kPaused;
  r.reason = reason::kPauseStep;
  r.message = "waits for a person";
  r.since = at;
  r.stable = VersionOf("s", 1);
  r.desired = VersionOf("t", 2);
  Target target;
  target.version = VersionOf("t", 2);
  target.version.sensitive = {"token/*"};
  target.base = Sha256Of("s");
  target.plan = Sha256Of("plan");
  target.writers = {{"Ann <a@x>"}, {"a@x"}};
  target.strategy = manifests::DefaultStrategy();
  target.split = {"salt", "country", manifests::SplitMode::kInstance};
  target.findings = {{"mass-delete-guard", "soft", "deletes much"}};
  target.quarantine = QuarantineHold::kSome;
  target.quarantined_keys = {"a"};
  r.target = target;
  r.progress.step = 1;
  r.progress.soaked = Duration(1'500);
  r.progress.unconverged = Duration(77);
  r.progress.canary_instances = {"a", "b"};
  r.fleet["a"].applied = {Sha256Of("a")};
  r.progress.started = at;
  r.progress.lookups = 10;
  r.progress.bad_subjects = {0xffffffffffffffff, 1};
  r.progress.evidence.canary.subjects = 4;
  r.progress.control = {.lookups = 70, .subjects = 30, .bad = {{"errors", 2}}};
  r.progress.inconclusive_accepted = true;
  r.progress.unclear = Duration(12);
  r.history = {{VersionOf("s", 1), at, "live", at},
               {VersionOf("t", 2), at, "in-flight", std::nullopt}};
  r.quarantine = {{Sha256Of("q"),
                   Sha256Of("s"),
                   VersionOf("q", 3).revision,
                   "HardLimit",
                   "failed",
                   at,
                   "limits#6",
                   {}}};
  r.approvals = {{Sha256Of("plan"), "user:ana", "reviewed", at}};
  r.requests = {{"r1", "pause", at, {true, "paused"}},
                {"r2", "promote", at, {false, "waits for an approval", true}}};
  r.lock = Lock{Sha256Of("s"), "user:ana", "incident", at};
  r.operator_paused = true;
  r.restarts = 2;
  return r;
}

TEST(RolloutRecord, KeepsEveryField) {
  const manifests::Value stored = RolloutToValue(FullRollout());
  const auto again = RolloutFromValue(stored);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(manifests::CanonicalJson(RolloutToValue(*again)), manifests::CanonicalJson(stored));
  EXPECT_EQ(again->target->quarantine, QuarantineHold::kSome);
  EXPECT_EQ(again->target->split.mode, manifests::SplitMode::kInstance);
  EXPECT_EQ(again->progress.unconverged, Duration(77));
  EXPECT_EQ(again->progress.canary_instances, (InstanceNames{"a", "b"}));
  EXPECT_TRUE(again->fleet.at("a").Holds(Sha256Of("a")));
  EXPECT_EQ(again->progress.bad_subjects, FullRollout().progress.bad_subjects);
  EXPECT_EQ(again->requests.front().outcome.message, "paused");
  EXPECT_TRUE(again->requests.back().outcome.denied);
  EXPECT_EQ(again->target->version.sensitive, std::vector<std::string>{"token/*"});
  EXPECT_EQ(again->last_step, std::nullopt);
}

TEST(RolloutRecord, RefusesANewerFormatWithASentence) {
  manifests::Value stored = RolloutToValue(FullRollout());
  stored.Set("format", kRolloutFormat + 1);
  const auto read = RolloutFromValue(stored);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  EXPECT_NE(read.error().message.find("start the newer version again"), std::string::npos);
}

TEST(RolloutRecord, RefusesAStepThatItsStrategyDoesNotHave) {
  manifests::Value stored = RolloutToValue(FullRollout());
  manifests::Value progress = *stored.Find("progress");
  progress.Set("step", 3);
  stored.Set("progress", progress);
  EXPECT_FALSE(RolloutFromValue(stored).ok());
}

TEST(RolloutRecord, HoldsATargetOfFewerStepsThanTheRolloutBeforeItTook) {
  Rollout held = FullRollout();
  held.phase = Phase::kHeld;
  held.target->strategy.steps.erase(held.target->strategy.steps.begin(),
                                    held.target->strategy.steps.end() - 1);
  const auto again = RolloutFromValue(RolloutToValue(held));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->phase, Phase::kHeld);
  EXPECT_EQ(again->target->strategy.steps.size(), 1u);
}

TEST(RolloutRecord, NamesTheFieldThatIsBroken) {
  manifests::Value stored = RolloutToValue(FullRollout());
  stored.Set("since", "yesterday");
  const auto read = RolloutFromValue(stored);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(read.error().message.find("\"since\""), std::string::npos);
}

}  // namespace
}  // namespace portolan::reconciler
