// The dual run with the real daemon: lookups and clients' outputs over HTTP.
#include <gtest/gtest.h>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr char kModels[] = "models";

class ShadowPath : public testing::Test {
 protected:
  ShadowPath() {
    Must(rig.workshop().Write(
        "strategies/dual.yaml",
        "apiVersion: portolan/v1\nkind: RolloutStrategy\nmetadata: {name: dual}\nspec:\n"
        "  shadow: {share: 100%, soak: 1s}\n  steps:\n    - setWeight: 50%\n"
        "    - pause: {duration: 100ms}\n    - setWeight: 100%\n  minLookups: 5\n  bake: 100ms\n"));
    rig.WriteMap(kModels, "    ranker: {version: 7}\n    other: {version: 1}\n", "dual");
    Must(rig.workshop().Commit("The first models"));
    rig.Start();
    rig.Sync();
    first = TextAt(rig.AwaitPhase(kModels, "Healthy"), "stable.digest");
    Must(rig.workshop().Edit("maps/models.yaml", "version: 7", "version: 8"));
    rig.Commit("Another ranker");
    second = TextAt(rig.AwaitPhase(kModels, "Shadow"), "target.digest");
  }

  // Posts what a client computed on both versions for a subject.
  std::pair<int, Value> PostOutputs(const Value& stable, const Value& canary) {
    Value item;
    item.Set("map", kModels);
    item.Set("digest", second);
    item.Set("key", "ranker");
    item.Set("subject", "user-" + std::to_string(++subject));
    item.Set("stable", stable);
    item.Set("canary", canary);
    Value body;
    body.Set("instance", "scorer");
    body.Set("batch", subject);
    body.Set("items", Value::Array{item});
    return rig.Call("POST", "/v1/shadow", body);
  }

  Rig rig{"127.0.0.1:" + std::to_string(FreePort())};  // of its own, to come back to
  std::string first;
  std::string second;
  int subject = 0;
};

TEST_F(ShadowPath, OutputsWithinTheToleranceLeadToTheFirstStep) {
  EXPECT_EQ(rig.Served(kModels), first);
  EXPECT_EQ(rig.Served(kModels, "?subject=ana"), first) << "everybody is served stable";
  EXPECT_EQ(rig.Served(kModels, "?arm=canary"), second) << "who computes on both can get both";
  const auto agree = [&] {
    const auto [code, answer] = PostOutputs(Value::Array{0.25, 0.5}, Value::Array{0.250005, 0.5});
    EXPECT_EQ(code, 202);
    rig.Call("POST", "/v1/maps/models/lookup", *manifests::ParseJson(R"({"keys":["ranker"]})"));
  };
  rig.Await(
      kModels, [](const Value& status) { return TextAt(status, "phase") != "Shadow"; }, agree);
  EXPECT_EQ(TextAt(rig.Drive(kModels, "Healthy"), "stable.digest"), second);
  bool agreed = false;
  for (const Value& event : rig.Events(kModels))
    agreed |= TextAt(event, "reason") == "ShadowAgreed";
  EXPECT_TRUE(agreed);
}

TEST_F(ShadowPath, OneOutputBeyondTheToleranceRollsBackAndNamesTheKey) {
  EXPECT_EQ(At(PostOutputs(0.5, 0.500009).second, "disagreeing"), Value(0));
  EXPECT_EQ(At(PostOutputs(0.5, 0.50002).second, "disagreeing"), Value(1));
  const Value status = rig.AwaitPhase(kModels, "RolledBack");
  EXPECT_EQ(TextAt(status, "reason"), "Disagreement");
  EXPECT_NE(TextAt(status, "message").find("ranker (outputs 1, distance 2e-05"), std::string::npos)
      << TextAt(status, "message");
  EXPECT_EQ(rig.Served(kModels, "?subject=ana"), first);
  EXPECT_EQ(rig.Served(kModels, "?arm=canary"), "not_found");
  const Ended why = rig.Cli({"why", kModels});
  EXPECT_NE(why.out.find("0.5 -> 0.50002, distance 2e-05"), std::string::npos) << why.out;
  EXPECT_EQ(PostOutputs(0.5, 0.6).second.IntOr("ignored", 0), 1) << "it is over";
}

TEST_F(ShadowPath, KillInMidSoakKeepsWhatWasComparedAndNothingComparedIsNoAgreement) {
  PostOutputs(1, 1);
  rig.Await(kModels, [](const Value& status) {
    return At(status, "shadow.outputs.compared") == Value(1) &&
           At(status, "shadow.soakMs").as_int() > 0;
  });
  const Ended waited = rig.Cli({"wait", kModels, "--for", "Stepping", "--timeout", "2s"});
  EXPECT_NE(waited.exit_code, 0) << "one output is not minLookups: it does not advance";
  rig.Kill();
  rig.Start();
  const Value status = rig.AwaitPhase(kModels, "Shadow");
  EXPECT_EQ(At(status, "shadow.outputs.compared"), Value(1));
  EXPECT_GT(At(status, "shadow.soakMs").as_int(), 0);
  // Refused, without effect, until the source has read its policies again: nothing rises before.
  rig.Await(kModels, [&](const Value&) {
    return rig.Cli({"skip", kModels, "--reason", "seen enough"}).exit_code == 0;
  });
  EXPECT_EQ(TextAt(rig.Drive(kModels, "Healthy"), "stable.digest"), second);
}

}  // namespace
}  // namespace portolan::e2e
