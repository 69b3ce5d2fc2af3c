#include <gtest/gtest.h>

#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

// The harness' clock stands at 2026-11-21T12:00:00Z.
constexpr char kDefault[] = "GET /v1/policies/stats?since=2026-10-24T12%3A00%3A00.000Z";
constexpr char kAnswer[] =
    R"({"plans":3,"policies":[{"week":"2026-11-16","policy":"few","level":"advisory","plans":3,)"
    R"("allow":1,"deny":2,"error":0,"waived":0,"overridden":0}]})";

TEST(PolicyStatsVerb, PrintsALineForEachPolicyAndWeek) {
  CliHarness cli;
  cli.daemon.On(kDefault, 200, kAnswer);
  EXPECT_EQ(cli.Run({"policy", "stats"}), 0) << cli.err();
  EXPECT_EQ(cli.out(),
            "WEEK        POLICY  LEVEL     PLANS  ALLOW  DENY  ERROR  WAIVED  OVERRIDDEN\n"
            "2026-11-16  few     advisory  3      1      2     0      0       0\n");
  EXPECT_EQ(cli.err(), "3 plans judged since 2026-10-24T12:00:00.000Z\n");
}

TEST(PolicyStatsVerb, AsksForASourceAMapAndATime) {
  CliHarness cli;
  cli.daemon.On("GET /v1/policies/stats?since=2026-11-14T12%3A00%3A00.000Z&source=edge&map=a%2Fb",
                200, R"({"plans":0,"policies":[]})");
  EXPECT_EQ(cli.Run({"policy", "stats", "edge", "--map", "a/b", "--since", "7d"}), 0) << cli.err();
  EXPECT_EQ(cli.out(), "");
  EXPECT_EQ(cli.err(), "0 plans judged since 2026-11-14T12:00:00.000Z\n");
}

TEST(PolicyStatsVerb, GivesTheDaemonsAnswerAsJson) {
  CliHarness cli;
  cli.daemon.On(kDefault, 200, kAnswer);
  EXPECT_EQ(cli.Run({"policy", "stats", "-o", "json"}), 0);
  EXPECT_EQ(manifests::CanonicalJson(manifests::ParseJson(cli.out()).value()),
            manifests::CanonicalJson(manifests::ParseJson(kAnswer).value()));
}

TEST(PolicyStatsVerb, RefusesWhatIsNoDurationAndPassesOnWhatTheDaemonRefuses) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"policy", "stats", "--since", "monday"}), 64);
  cli.daemon.On(std::string(kDefault) + "&source=edg", 404,
                Problem(404, "not_found", "no source \"edg\""));
  EXPECT_EQ(cli.Run({"policy", "stats", "edg"}), 5) << cli.err();
}

}  // namespace
}  // namespace portolan::controller
