#include <gtest/gtest.h>
#include <poll.h>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

// A map that is live, with one good change after its first version.
class Path : public testing::Test {
 protected:
  Path() {
    rig.WriteMap(kMap, "    api/search: {rps: 200}\n    api/login: {rps: 20}\n");
    Must(rig.workshop().Commit("The first limits"));
    rig.Start();
    rig.Sync();
    first = TextAt(rig.AwaitPhase(kMap, "Healthy"), "stable.digest");
  }

  std::string Change(const std::string& from, const std::string& to) {
    Must(rig.workshop().Edit("maps/limits.yaml", from, to));
    rig.Commit(to);
    return TextAt(rig.MapStatus(kMap), "target.digest");
  }

  Rig rig;
  std::string first;
};

TEST_F(Path, FirstCommitIsLiveForEveryone) {
  EXPECT_EQ(rig.Served(kMap), first);
  EXPECT_EQ(rig.Served(kMap, "?subject=ana"), first);
  const auto [code, answer] = rig.Call("GET", "/v1/maps/limits/entries/api%2Fsearch");
  EXPECT_EQ(code, 200);
  EXPECT_EQ(At(answer, "value.rps"), Value(200));
}

TEST_F(Path, GoodChangeGoesThroughTheStepsToHealthy) {
  const std::string target = Change("rps: 200", "rps: 250");
  ASSERT_NE(target, first);
  EXPECT_EQ(rig.Served(kMap), first) << "nobody without a subject sees the canary before 100 %";
  EXPECT_EQ(rig.Served(kMap, "?arm=canary"), target);
  EXPECT_EQ(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), target);
  EXPECT_EQ(rig.Served(kMap), target);
  std::vector<std::int64_t> weights;
  for (const Value& event : rig.Events(kMap))
    if (TextAt(event, "reason") == "StepStarted")
      weights.push_back(At(event, "data.weight").as_int());
  EXPECT_EQ(weights, (std::vector<std::int64_t>{10'000, 50'000}));
}

TEST_F(Path, BadChangeIsRolledBackAndStaysOutUntilGitHasOtherValues) {
  const std::string bad = Change("rps: 200", "rps: 1");
  rig.Report(kMap, 30);
  const Value status = rig.AwaitPhase(kMap, "RolledBack");
  EXPECT_EQ(TextAt(status, "reason"), "HardLimit");
  EXPECT_EQ(rig.Served(kMap), first);
  EXPECT_EQ(rig.Served(kMap, "?arm=canary"), "not_found");
  EXPECT_EQ(TextAt(At(status, "quarantine").as_array().at(0), "digest"), bad);

  rig.WriteMap("other", "    a: 1\n");
  rig.Commit("Another map, the bad values are still there");
  EXPECT_EQ(TextAt(rig.MapStatus(kMap), "phase"), "RolledBack");
  const std::string fixed = Change("rps: 1}", "rps: 210}");
  EXPECT_EQ(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), fixed);
}

TEST_F(Path, RollbackBringsTheEarlierVersionBackAndTheExitCodesSayWhatHappened) {
  const std::string second = Change("rps: 200", "rps: 250");
  EXPECT_EQ(rig.Cli({"abort", kMap, "--reason", "a look first"}).exit_code, 0);
  rig.AwaitPhase(kMap, "RolledBack");
  EXPECT_EQ(rig.Cli({"wait", kMap, "--for", "Healthy", "--timeout", "5s"}).exit_code, 7);
  EXPECT_EQ(rig.Cli({"retry", kMap}).exit_code, 0);
  rig.Drive(kMap, "Healthy");

  const Ended rolled_back = rig.Cli({"rollback", kMap, "--reason", "customers complain"});
  EXPECT_EQ(rolled_back.exit_code, 0) << rolled_back.err;
  EXPECT_EQ(rig.Served(kMap), first);
  EXPECT_EQ(TextAt(rig.AwaitPhase(kMap, "Held"), "reason"), "Quarantined");
  EXPECT_EQ(rig.Served(kMap), first) << "git still has the version that was rolled back";

  EXPECT_EQ(rig.Cli({"rollback", "nosuch"}).exit_code, 5);
  EXPECT_EQ(rig.Cli({"abort", kMap}).exit_code, 6);
  EXPECT_EQ(rig.Cli({"abort"}).exit_code, 64);
  const std::string nobody = "http://127.0.0.1:" + std::to_string(FreePort());
  EXPECT_EQ(RunPortolan({"status", "--server", nobody}, rig.scratch()).exit_code, 8);
}

TEST_F(Path, EveryReadingVerbPrintsJson) {
  const std::string target = Change("rps: 200", "rps: 250");
  const std::string repository = rig.workshop().repository().string();
  const std::vector<std::vector<std::string>> verbs = {
      {"status"},         {"status", kMap},    {"why", kMap}, {"why", "limits/api/login"},
      {"history", kMap},  {"events"},          {"get", kMap}, {"get", kMap, "api/login"},
      {"source", "list"}, {"plan", repository}};
  for (std::vector<std::string> verb : verbs) {
    verb.insert(verb.end(), {"-o", "json"});
    const Ended ended = rig.Cli(verb);
    EXPECT_EQ(ended.exit_code, 0) << verb[0] << ": " << ended.err;
    const auto parsed = manifests::ParseJson(ended.out);
    EXPECT_TRUE(parsed.ok()) << verb[0] << ": " << ended.out;
  }
  const auto status = manifests::ParseJson(rig.Cli({"status", kMap, "-o", "json"}).out);
  EXPECT_EQ(TextAt(*status, "target.digest"), target);
  EXPECT_EQ(rig.Cli({"get", kMap, "api/login"}).out, "{\"rps\":20}\n");
}

// What a caller may do with this token, as the exit codes say it.
TEST(Tokens, WithoutTheScopeIsFourAndWithoutATokenIsNine) {
  Rig rig;
  const auto made = manifests::ParseJson(
      RunPortolan({"token", "new", "reader", "--scopes", "read", "-o", "json"}, rig.scratch()).out);
  ASSERT_TRUE(made.ok());
  Must(rig.workshop().Write("tokens.yaml", TextAt(*made, "record")));
  const std::string folder = rig.workshop().repository().string();
  const std::string address = "127.0.0.1:" + std::to_string(FreePort());
  Must(rig.workshop().Write("portolan.yaml", "state: " + rig.state() + "\nlisten: {control: \"" +
                                                 address + "\"}\nsources: [{name: maps, url: " +
                                                 folder + "}]\ntokens: tokens.yaml\n"));
  const demo::Process daemon =
      Must(demo::Process::Start({PORTOLAN_BINARY, "serve", "--config", folder + "/portolan.yaml"},
                                rig.scratch() + "/tokens.log"));
  const std::vector<std::string> server = {"--server", "http://" + address};
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.end(), server.begin(), server.end());
    return RunPortolan(words, rig.scratch()).exit_code;
  };
  for (int look = 0; look < 500 && run({"status"}) == 8; ++look) poll(nullptr, 0, 10);
  const std::string secret = TextAt(*made, "secret");
  EXPECT_EQ(run({"status"}), 9);
  EXPECT_EQ(run({"status", "--token", secret}), 0);
  EXPECT_EQ(run({"abort", kMap, "--token", secret}), 4);
}

}  // namespace
}  // namespace portolan::e2e
