#include "manifests/waiver_manifest.h"

#include <gtest/gtest.h>

#include "tests/manifests/policy_fixture.h"

namespace portolan::manifests {
namespace {

DesiredState LoadOne(const std::string& spec) {
  return LoadPolicies(MemorySource({{"w.yaml", Manifest("Waiver", "w", spec)},
                                    {"p.yaml", Manifest("Policy", "p", kMaxPercent)},
                                    {"m.yaml", Manifest("Map", "limits", "  entries: {}\n")}}));
}

TEST(WaiverManifest, ReadsEveryField) {
  const DesiredState state = LoadOne(
      "  {policy: p, maps: [limits], until: 2026-12-01T00:00:00Z, reason: INC-4711,"
      " approvedBy: [dan]}\n");
  EXPECT_EQ(Errors(state), "");
  const Waiver& waiver = *state.policies.waivers.at("w");
  EXPECT_EQ(waiver.policy, "p");
  EXPECT_EQ(FormatTime(waiver.until), "2026-12-01T00:00:00.000Z");
  EXPECT_EQ(waiver.reason, "INC-4711");
  EXPECT_EQ(waiver.approved_by, std::vector<std::string>{"dan"});
  EXPECT_TRUE(waiver.Covers("limits"));
  EXPECT_FALSE(waiver.Covers("limits2"));
  EXPECT_TRUE(waiver.CoversKey("anything"));
}

TEST(WaiverManifest, DemandsAnEndAReasonAndSomebodyWhoAnswers) {
  const std::string errors = Errors(LoadOne("  {policy: p, maps: [], until: forever}\n"));
  EXPECT_NE(errors.find("expected a time such as"), std::string::npos) << errors;
  EXPECT_NE(errors.find("missing required field \"reason\""), std::string::npos) << errors;
  EXPECT_NE(errors.find("nobody answers for this waiver"), std::string::npos) << errors;
  EXPECT_NE(errors.find("expected at least one map"), std::string::npos) << errors;
  EXPECT_NE(Errors(LoadOne("  {policy: p, maps: [limits], reason: r, approvedBy: [a]}\n"))
                .find("missing required field \"until\""),
            std::string::npos);
}

TEST(WaiverManifest, MatchesKeysByGlob) {
  Waiver waiver;
  waiver.keys = {"checkout.*"};
  EXPECT_TRUE(waiver.CoversKey("checkout.rps"));
  EXPECT_FALSE(waiver.CoversKey("search.rps"));
}

TEST(WaiverManifest, RecordsItsEnd) {
  Waiver a;
  Waiver b = a;
  b.until += Duration(1);
  EXPECT_NE(CanonicalJson(WaiverToValue(a)), CanonicalJson(WaiverToValue(b)));
}

}  // namespace
}  // namespace portolan::manifests
