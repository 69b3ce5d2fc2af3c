#include <gtest/gtest.h>

#include "manifests/value.h"
#include "tests/controller/cli/cli_harness.h"

namespace portolan::controller {
namespace {

manifests::Value BodyOf(const TransportRequest& request) {
  return manifests::ParseJson(request.body).value();
}

TEST(Promote, SendsReasonFullAndARandomRequestId) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/promote", 200, AnswerOfVerb(StatusJson("Baking")));
  EXPECT_EQ(cli.Run({"promote", "limits", "--full", "--reason", "tested"}), 0);
  const auto body = BodyOf(cli.daemon.requests.at(0));
  EXPECT_EQ(body.StringOr("reason", ""), "tested");
  EXPECT_TRUE(body.BoolOr("full", false));
  EXPECT_EQ(body.StringOr("requestId", ""), "efcdab8967452301efcdab8967452301");
  EXPECT_EQ(cli.out(), "limits: goes on\n");
}

TEST(Promote, UsesTheRequestIdThatIsGiven) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/promote", 200, AnswerOfVerb(StatusJson("Baking")));
  EXPECT_EQ(cli.Run({"promote", "limits", "--request-id", "ci-17"}), 0);
  EXPECT_EQ(BodyOf(cli.daemon.requests.at(0)).StringOr("requestId", ""), "ci-17");
}

TEST(Promote, PrintsARefusalAsJsonOnStdoutWhenAsked) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/promote", 409,
                Problem(409, "conflict", "nothing is rolling out"));
  EXPECT_EQ(cli.Run({"promote", "limits", "-o", "json"}), 6);
  const auto out = manifests::ParseJson(cli.out());
  ASSERT_TRUE(out.ok());
  const auto* error = out->Find("error");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->StringOr("code", ""), "conflict");
  EXPECT_EQ(error->StringOr("reason", ""), "Conflict");
  EXPECT_EQ(error->StringOr("message", ""), "nothing is rolling out");
}

TEST(Promote, SaysThatAChangeIsServedThoughItCouldNotBeStored) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/abort", 507,
                R"({"status":507,"code":"exhausted","detail":"the disk is full","served":true})");
  EXPECT_EQ(cli.Run({"abort", "limits"}), 7);
  EXPECT_NE(cli.err().find("the disk is full; the change is served already"), std::string::npos);
}

TEST(Promote, WithWaitExits7WhenItEndsRolledBack) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/promote", 200, AnswerOfVerb(StatusJson("Stepping", 1, 5000)));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("RollingBack"));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("RolledBack"));
  EXPECT_EQ(cli.Run({"promote", "limits", "--wait"}), 7);
  EXPECT_EQ(cli.out(), "");
  EXPECT_NE(cli.err().find("portolan why limits"), std::string::npos);
}

TEST(Abort, WithWaitIsDoneWhenRolledBack) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/abort", 200, AnswerOfVerb(StatusJson("RollingBack")));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("RolledBack"));
  EXPECT_EQ(cli.Run({"abort", "limits", "-w"}), 0);
}

TEST(Rollback, WithWaitFailsWhenTheWayBackIsRolledBackItself) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/rollback", 200,
                AnswerOfVerb(StatusJson("Stepping", 1, 5000)));
  cli.daemon.On("GET /v1/maps/limits/status", 200, StatusJson("RolledBack"));
  EXPECT_EQ(cli.Run({"rollback", "limits", "--to", "41", "--wait"}), 7);
  EXPECT_EQ(BodyOf(cli.daemon.requests.at(0)).StringOr("to", ""), "41");
}

TEST(Rollback, OfARevisionGoesThroughAllItsMapsAndReturnsTheFirstRefusal) {
  CliHarness cli;
  const std::string other = R"({"map":"other","stable":{"commit":"ffff"}})";
  const std::string second = R"({"map":"b","target":{"commit":"8c1f0e2d1a2b3c4d"}})";
  cli.daemon.On("GET /v1/maps", 200,
                R"({"maps":[)" + StatusJson("Healthy") + "," + other + "," + second + "]}");
  cli.daemon.On("POST /v1/maps/limits/rollback", 409, Problem(409, "conflict", "nothing before"));
  cli.daemon.On("POST /v1/maps/b/rollback", 200, AnswerOfVerb(StatusJson("RollingBack")));
  EXPECT_EQ(cli.Run({"rollback", "--all", "8c1f0e2", "--yes"}), 6);
  ASSERT_EQ(cli.daemon.requests.size(), 3u);
  EXPECT_NE(BodyOf(cli.daemon.requests[1]).StringOr("requestId", ""),
            BodyOf(cli.daemon.requests[2]).StringOr("requestId", ""));
  EXPECT_EQ(cli.out(), "b: goes on\n");
}

TEST(Rollback, TakesEitherAMapOrARevision) {
  CliHarness cli;
  EXPECT_EQ(cli.Run({"rollback"}), 64);
  EXPECT_EQ(cli.Run({"rollback", "limits", "--to-previous"}), 64);
  EXPECT_EQ(cli.Run({"rollback", "limits", "--all", "8c1f0e2"}), 64);
  EXPECT_EQ(cli.daemon.requests.size(), 0u);
}

TEST(Prune, AsksOnATerminalAndNeedsYesElsewhere) {
  CliHarness cli;
  cli.daemon.On("POST /v1/maps/limits/prune", 200, AnswerOfVerb("null"));
  EXPECT_EQ(cli.Run({"prune", "limits"}), 64);
  EXPECT_NE(cli.err().find("--yes"), std::string::npos);
  cli.env.in_is_tty = true;
  cli.in.str("n\n");
  EXPECT_EQ(cli.Run({"prune", "limits"}), 130);
  EXPECT_EQ(cli.daemon.requests.size(), 0u);
  cli.in.str("y\n");
  EXPECT_EQ(cli.Run({"prune", "limits"}), 0);
  cli.env.in_is_tty = false;
  EXPECT_EQ(cli.Run({"prune", "limits", "--yes"}), 0);
  EXPECT_EQ(cli.daemon.requests.size(), 2u);
}

TEST(Approve, FindsThePlanThatBeginsWithTheDigitsGiven) {
  CliHarness cli;
  const std::string plan = "sha256:" + std::string(64, 'c');
  cli.daemon.On("GET /v1/maps", 200, R"({"maps":[)" + StatusJson("Held") + "]}");
  cli.daemon.On("GET /v1/sources", 200, R"({"sources":[{"name":"edge"}]})");
  cli.daemon.On("POST /v1/plans/sha256%3A" + std::string(64, 'c') + "/approve", 200,
                R"({"plan":")" + plan + R"(","map":"limits","message":"approved by ana"})");
  EXPECT_EQ(cli.Run({"approve", "cccccccccccc", "-r", "reviewed"}), 0);
  EXPECT_EQ(cli.out(), "limits: approved by ana\n");
  EXPECT_EQ(cli.Run({"approve", "dddddddddddd"}), 5);
}

TEST(Approve, FindsAChangeOfPoliciesToo) {
  CliHarness cli;
  const std::string plan = "sha256:" + std::string(64, 'e');
  cli.daemon.On("GET /v1/maps", 200, R"({"maps":[]})");
  cli.daemon.On(
      "GET /v1/sources", 200,
      R"({"sources":[{"name":"edge","policies":{"pending":{"plan":")" + plan + R"("}}}]})");
  cli.daemon.On("POST /v1/plans/sha256%3A" + std::string(64, 'e') + "/approve", 200,
                R"({"plan":")" + plan + R"(","source":"edge","message":"approved"})");
  EXPECT_EQ(cli.Run({"approve", "eeeeeeee"}), 0);
  EXPECT_EQ(cli.out(), "edge: approved\n");
}

TEST(Approve, DespiteAPolicyWantsAReason) {
  CliHarness cli;
  const std::string plan = "sha256:" + std::string(64, 'c');
  cli.daemon.On("POST /v1/plans/sha256%3A" + std::string(64, 'c') + "/approve", 200,
                R"({"plan":")" + plan + R"(","map":"limits","message":"approved"})");
  EXPECT_EQ(cli.Run({"approve", plan, "--despite", "few"}), 64);
  EXPECT_EQ(cli.daemon.requests.size(), 0u);
  EXPECT_EQ(cli.Run({"approve", plan, "--despite", "few", "-r", "INC-1"}), 0);
  EXPECT_EQ(BodyOf(cli.daemon.requests.back()).StringOr("despite", ""), "few");
  EXPECT_EQ(BodyOf(cli.daemon.requests.back()).StringOr("reason", ""), "INC-1");
}

TEST(OperateVerbs, RollbackOfPoliciesAsksTheSourceAndSaysWhoMustApprove) {
  CliHarness cli;
  cli.daemon.On(
      "POST /v1/sources/edge/policies/rollback", 200,
      R"({"plan":"sha256:aa","message":"wait for an owner: portolan approve sha256:aa"})");
  EXPECT_EQ(cli.Run({"rollback", "--policies", "edge", "--to-previous", "--reason", "too loose"}),
            0)
      << cli.err();
  EXPECT_EQ(cli.out(), "edge: wait for an owner: portolan approve sha256:aa\n");
  const auto body = manifests::ParseJson(cli.daemon.requests.back().body).value();
  EXPECT_EQ(body.StringOr("to", ""), "previous");
  EXPECT_EQ(body.StringOr("reason", ""), "too loose");
  EXPECT_EQ(
      cli.Run({"rollback", "--policies", "edge", "--to", "3f2a91c", "--reason", "r", "-o", "name"}),
      0);
  EXPECT_EQ(cli.out(), "sha256:aa\n");
  EXPECT_EQ(manifests::ParseJson(cli.daemon.requests.back().body)->StringOr("to", ""), "3f2a91c");
}

TEST(OperateVerbs, RollbackOfPoliciesTakesOneTargetAReasonAndNoMap) {
  CliHarness cli;
  const std::vector<std::string> begin{"rollback", "--policies", "edge"};
  const std::vector<std::vector<std::string>> wrong{
      {"--reason", "r"},
      {"--to-previous"},
      {"--to-previous", "--to", "3f2a91c", "--reason", "r"},
      {"limits", "--to-previous", "--reason", "r"},
      {"--all", "3f2a91c", "--to-previous", "--reason", "r"}};
  for (const auto& more : wrong) {
    std::vector<std::string> args = begin;
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_EQ(cli.Run(args), 64) << cli.out();
  }
  EXPECT_TRUE(cli.daemon.requests.empty());
}

}  // namespace
}  // namespace portolan::controller
