#include <gtest/gtest.h>

#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

TEST(OverrideSet, SendsTheValueItsEndAndItsReason) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/override", 200,
                R"({"map":"limits","message":"api/login is overridden"})");
  EXPECT_EQ(cli.Run({"override", "set", "limits", "api/login", R"({"rps": 5})", "--for", "1h",
                     "--reason", "incident", "--request-id", "r1"}),
            0)
      << cli.err();
  EXPECT_EQ(cli.out(), "limits: api/login is overridden\n");
  const auto body = manifests::ParseJson(cli.daemon.requests.at(0).body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(manifests::CanonicalJson(*body),
            R"({"forMs":3600000,"key":"api/login","reason":"incident","requestId":"r1",)"
            R"("value":{"rps":5}})");
}

TEST(OverrideSet, SaysHowToWriteATextAndThatAnEndAndAReasonAreNeeded) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"override", "set", "limits", "k", "off", "--for", "1h", "--reason", "x"}), 64);
  EXPECT_NE(cli.err().find("a text needs its quotes: '\"off\"'"), std::string::npos) << cli.err();
  EXPECT_EQ(cli.Run({"override", "set", "limits", "k", "1", "--reason", "x"}), 64);
  EXPECT_EQ(cli.Run({"override", "set", "limits", "k", "1", "--for", "1h"}), 64);
  EXPECT_TRUE(cli.daemon.requests.empty());
}

TEST(OverrideClear, NamesTheKey) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/clear-override", 200, R"({"message":"as git says again"})");
  EXPECT_EQ(cli.Run({"override", "clear", "limits", "api/login"}), 0);
  EXPECT_NE(cli.daemon.requests.at(0).body.find("\"api/login\""), std::string::npos);
}

TEST(OverrideList, IsATableOfAllMapsOrOfOne) {
  CliHarness cli;
  const std::string item =
      R"({"overrides":[{"map":"limits","key":"k","value":{"rps":5},"until":"2026-11-21T13:00:00Z",)"
      R"("actor":"user:ana","reason":"incident"}]})";
  cli.daemon.On("GET /v1/overrides", 200, item);
  cli.daemon.On("GET /v1/overrides?map=limits", 200, item);
  EXPECT_EQ(cli.Run({"override", "list"}), 0);
  EXPECT_EQ(cli.out(),
            "MAP     KEY  VALUE      UNTIL                 ACTOR     REASON\n"
            "limits  k    {\"rps\":5}  2026-11-21T13:00:00Z  user:ana  incident\n");
  EXPECT_EQ(cli.Run({"override", "list", "limits", "-o", "name"}), 0);
  EXPECT_EQ(cli.out(), "limits/k\n");
}

TEST(Suspend, SendsHowLongAndWhy) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/suspend", 200, R"({"message":"no rollout starts"})");
  cli.daemon.On("POST /v1/maps/limits/unsuspend", 200, R"({"message":"rollouts start again"})");
  EXPECT_EQ(cli.Run({"suspend", "limits", "--for", "2h", "--reason", "sale"}), 0) << cli.err();
  EXPECT_NE(cli.daemon.requests.at(0).body.find("\"forMs\":7200000"), std::string::npos);
  EXPECT_EQ(cli.Run({"suspend", "limits", "--reason", "sale"}), 64);
  EXPECT_EQ(cli.Run({"unsuspend", "limits"}), 0);
  EXPECT_EQ(cli.out(), "limits: rollouts start again\n");
}

std::string DriftJson(int drifted) {
  return R"({"maps":[{"map":"limits","selfHeal":true,"healIntervalMs":30000,"heals":1,)"
         R"("overrides":[{}],"holders":[{"holder":"daemon","keys":1000,"drifted":)" +
         std::to_string(drifted) + R"(,"rate":)" + std::to_string(drifted / 1000.0) +
         R"(,"some":[{"key":"k1","kind":"changed"}]}]}],"totals":{"maps":1,"driftedMaps":)" +
         std::to_string(drifted > 0) + R"(,"keys":1000,"driftedKeys":)" + std::to_string(drifted) +
         R"(,"keyRate":)" + std::to_string(drifted / 1000.0) + "}}";
}

TEST(Drift, IsATableAndEndsWithOneWhenSomethingDrifted) {
  CliHarness cli;
  cli.daemon.On("GET /v1/drift", 200, DriftJson(127));
  cli.daemon.On("GET /v1/drift?map=limits", 200, DriftJson(0));
  EXPECT_EQ(cli.Run({"drift"}), 1);
  EXPECT_EQ(cli.out(),
            "MAP     HOLDER  KEYS   DRIFTED  RATE   OVERRIDES  HEAL  HEALS  KEY\n"
            "limits  daemon  1,000  127      12.7%  1          30s   1      k1 changed\n");
  EXPECT_EQ(cli.err(), "127 of 1,000 keys drifted (12.7%), 1 of 1 maps\n");
  EXPECT_EQ(cli.Run({"drift", "limits"}), 0);
}

}  // namespace
}  // namespace portolan::controller
