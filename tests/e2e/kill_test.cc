#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <iostream>
#include <random>
#include <thread>

#include "mapcore/base/random.h"
#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr int kKills = 12;
constexpr std::uint64_t kKillWithinMs = 150;
constexpr char kSlow[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: slow}
spec:
  steps:
    - setWeight: 10%
    - pause: {duration: 700ms}
    - setWeight: 30%
    - pause: {duration: 700ms}
    - setWeight: 60%
    - pause: {duration: 1s}
    - setWeight: 100%
  minLookups: 10
  bake: 200ms
)";

struct Acknowledged {
  std::string verb;
  std::string id;
  std::string message;
};

// What a client and an operator hold the daemon to after it died.
struct Promise {
  Value status;
  WallTime at{};                    // its soak was counted then or later
  std::vector<Acknowledged> verbs;  // all so far
  bool unanswered = false;          // one verb was in flight
};

Value RequestBody(const std::string& id) {
  return Value::Object{{"requestId", Value(id)}};
}

// Pauses, resumes and reports, and remembers what was acknowledged, until the daemon is killed
// underneath.
class Operator {
 public:
  explicit Operator(Rig& rig) : rig_(rig) {}

  void WorkUntilDeath(Promise& promise, Duration life) {
    promise.unanswered = false;
    std::thread killer([&] {
      poll(nullptr, 0, static_cast<int>(life.count()));
      kill(rig_.workshop().daemon().id(), SIGKILL);
    });
    while (Act(promise)) continue;
    killer.join();
    rig_.Kill();
  }

 private:
  // False when the daemon does not answer any more.
  bool Act(Promise& promise) {
    const std::string verb =
        TextAt(promise.status, "reason") == "OperatorPause" ? "resume" : "pause";
    const std::string id = "request-" + std::to_string(++requests_);
    const WallTime asked = demo::WallNow();
    const auto [code, answer] = rig_.Verb(kMap, verb, RequestBody(id));
    if (code == 200) {
      promise.verbs.push_back({verb, id, TextAt(answer, "message")});
      promise.status = At(answer, "status");
      promise.at = asked;
    }
    promise.unanswered = code == 0;
    if (code == 0) return false;
    try {
      rig_.Report(kMap);
      promise.status = rig_.MapStatus(kMap);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  Rig& rig_;
  int requests_ = 0;
};

void ExpectKept(const Promise& promise, const Value& after, Duration life) {
  const Value& before = promise.status;
  for (const char* same : {"rollout", "stable.digest", "target.digest"})
    EXPECT_EQ(TextAt(after, same), TextAt(before, same)) << same;
  const std::int64_t elapsed = life.count();
  const bool may_advance = before.IntOr("soakMs", 0) + elapsed >= before.IntOr("soakRequiredMs", 0);
  const bool advanced = may_advance && after.IntOr("step", 0) == before.IntOr("step", 0) + 1;
  if (advanced) return;
  EXPECT_EQ(after.IntOr("step", 0), before.IntOr("step", 0))
      << WriteJson(before) << WriteJson(after);
  EXPECT_EQ(after.IntOr("weight", 0), before.IntOr("weight", 0));
  EXPECT_LE(after.IntOr("soakMs", 0), before.IntOr("soakMs", 0) + elapsed);
  if (promise.unanswered) return;
  EXPECT_EQ(TextAt(after, "reason"), TextAt(before, "reason"));
}

// A repeated request id is not acted on, and gets the first answer.
void ExpectRemembered(const Rig& rig, const std::vector<Acknowledged>& verbs) {
  const std::string reason = TextAt(rig.MapStatus(kMap), "reason");
  for (const Acknowledged& verb : verbs) {
    const auto [code, answer] = rig.Verb(kMap, verb.verb, RequestBody(verb.id));
    EXPECT_EQ(code, 200) << verb.id << " " << WriteJson(answer);
    EXPECT_EQ(TextAt(answer, "message"), verb.message) << verb.id;
  }
  EXPECT_EQ(TextAt(rig.MapStatus(kMap), "reason"), reason);
}

void StartSlowRollout(Rig& rig) {
  Must(rig.workshop().Write("strategies/slow.yaml", kSlow));
  rig.WriteMap(kMap, "    a: 1\n", "slow");
  Must(rig.workshop().Commit("One"));
  rig.Start();
  rig.Sync();
  rig.AwaitPhase(kMap, "Healthy");
  rig.WriteMap(kMap, "    a: 2\n", "slow");
  rig.Commit("Two");
  rig.AwaitPhase(kMap, "Stepping");
  rig.Report(kMap);
}

TEST(Kill, ADaemonThatIsKilledAgainAndAgainKeepsEverythingItAcknowledged) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  Random random(seed);
  Rig rig("127.0.0.1:" + std::to_string(FreePort()));
  const WallTime started = demo::WallNow();
  StartSlowRollout(rig);
  const std::string target = TextAt(rig.MapStatus(kMap), "target.digest");
  Operator person(rig);
  Promise promise;
  for (int round = 0; round < kKills; ++round) {
    SCOPED_TRACE("kill " + std::to_string(round));
    promise.status = rig.MapStatus(kMap);
    promise.at = round == 0 ? started : demo::WallNow();
    ASSERT_EQ(TextAt(promise.status, "target.digest"), target) << "the rollout is over too early";
    person.WorkUntilDeath(promise, Duration(random.Below(kKillWithinMs)));
    const Duration life = demo::WallNow() - promise.at;
    rig.Start();
    ExpectKept(promise, rig.MapStatus(kMap), life);
    EXPECT_EQ(rig.Served(kMap, "?arm=stable"), TextAt(promise.status, "stable.digest"));
    EXPECT_EQ(rig.Served(kMap, "?arm=canary"), target);
    ExpectRemembered(rig, promise.verbs);
  }
  std::cout << promise.verbs.size() << " verbs acknowledged over " << kKills << " kills"
            << std::endl;
  EXPECT_FALSE(promise.verbs.empty());
  if (TextAt(rig.MapStatus(kMap), "reason") == "OperatorPause") rig.Verb(kMap, "resume");
  EXPECT_EQ(TextAt(rig.Drive(kMap, "Healthy"), "stable.digest"), target);
}

}  // namespace
}  // namespace portolan::e2e
