// Maps that move together, in the real daemon, with a reader that asks for both all the time.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <set>
#include <thread>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr char kGroup[] =
    "apiVersion: portolan/v1\nkind: RolloutGroup\nmetadata: {name: edge}\n"
    "spec: {maps: [limits, prices], strategy: quick}\n";

// Asks for an entry of each map, for a hundred subjects one after the other and for nobody, and
// counts the answers in which the two are of different generations.
class Reader {
 public:
  explicit Reader(const Rig& rig) : rig_(rig), thread_([this] { Run(); }) {}
  ~Reader() { Stop(); }
  void Stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int reads() const { return reads_; }
  int mixed() const { return mixed_; }
  std::set<std::string> seen() const { return seen_; }  // after Stop

 private:
  void Run() {
    while (!done_) {
      const int n = reads_ % 101;
      const Value body =
          Value::Object{{"subject", n == 100 ? std::string() : "user-" + std::to_string(n)},
                        {"maps", Value::Object{{"limits", Value::Array{"generation"}},
                                               {"prices", Value::Array{"generation"}}}}};
      const auto [code, answer] = rig_.Call("POST", "/v1/lookup", body);
      if (code != 200) continue;
      const auto& maps = answer.Find("maps")->as_array();
      const Value one = At(maps.at(0), "values.generation");
      if (one != At(maps.at(1), "values.generation")) ++mixed_;
      seen_.insert(manifests::CanonicalJson(one));
      ++reads_;
    }
  }

  const Rig& rig_;
  std::atomic<bool> done_{false};
  std::atomic<int> reads_{0};
  std::atomic<int> mixed_{0};
  std::set<std::string> seen_;
  std::thread thread_;
};

class Group : public testing::Test {
 protected:
  Group() {
    Write(1);
    Must(rig.workshop().Write("maps/group.yaml", kGroup));
    Must(rig.workshop().Commit("Two maps that move together"));
    rig.Start();
    rig.Sync();
    rig.AwaitPhase("limits", "Healthy");
    rig.AwaitPhase("prices", "Healthy");
  }
  void Write(int generation) {
    // The key is a plain number: both maps of one commit have the same.
    const std::string entries = "    generation: " + std::to_string(generation) + "\n";
    rig.WriteMap("limits", entries, "");
    rig.WriteMap("prices", entries, "");
  }
  void Change(int generation) {
    Write(generation);
    rig.Commit("Generation " + std::to_string(generation));
  }

  Rig rig{"127.0.0.1:" + std::to_string(FreePort())};  // the same one after a restart
};

TEST_F(Group, ReaderNeverSeesAMixtureThroughARolloutARollbackAndARestart) {
  std::optional<Reader> reader(rig);
  Change(2);
  EXPECT_EQ(TextAt(rig.MapStatus("limits"), "group"), "edge");
  rig.Drive("limits", "Healthy");
  EXPECT_EQ(TextAt(rig.MapStatus("prices"), "phase"), "Healthy");
  Change(3);
  rig.Report("prices", 39);
  rig.AwaitPhase("limits", "RolledBack");
  EXPECT_EQ(TextAt(rig.MapStatus("prices"), "phase"), "RolledBack");
  Change(4);
  ASSERT_EQ(TextAt(rig.MapStatus("limits"), "phase"), "Stepping");
  const std::string canary = rig.Served("limits", "?arm=canary");
  reader->Stop();
  EXPECT_EQ(reader->mixed(), 0);
  EXPECT_GT(reader->reads(), 0);
  EXPECT_TRUE(reader->seen().contains("1") && reader->seen().contains("2"));
  reader.reset();
  rig.Kill();
  rig.Start();
  rig.Sync();
  EXPECT_EQ(rig.Served("limits", "?arm=canary"), canary);
  reader.emplace(rig);
  rig.Drive("prices", "Healthy");
  for (int seen = reader->reads(); reader->reads() < seen + 101;) std::this_thread::yield();
  reader->Stop();
  EXPECT_EQ(reader->mixed(), 0);
  EXPECT_TRUE(reader->seen().contains("4"));
}

TEST_F(Group, IsSaidByTheCommandsAndTakesVerbsForAllItsMaps) {
  Change(2);
  const Ended paused = rig.Cli({"pause", "prices"});
  EXPECT_EQ(paused.exit_code, 0) << paused.err;
  EXPECT_EQ(TextAt(rig.MapStatus("limits"), "phase"), "Paused");
  EXPECT_NE(rig.Cli({"groups"}).out.find("group/edge"), std::string::npos);
  EXPECT_NE(rig.Cli({"status"}).out.find("GROUP"), std::string::npos);
  const Ended why = rig.Cli({"why", "limits"});
  EXPECT_NE(why.out.find("moves with group/edge"), std::string::npos) << why.out << why.err;
  EXPECT_NE(why.out.find("Paused"), std::string::npos) << "the group's events are the map's";
  const Ended aborted = rig.Cli({"abort", "group/edge", "--yes"});
  EXPECT_EQ(aborted.exit_code, 0) << aborted.err;
  rig.AwaitPhase("limits", "RolledBack");
  rig.AwaitPhase("prices", "RolledBack");
  EXPECT_NE(rig.Cli({"why", "group/edge"}).out.find("limits, prices"), std::string::npos);
}

TEST_F(Group, HoldsAllItsMapsWhenOneOfACommitIsBroken) {
  Write(2);
  rig.WriteMap("prices", "    generation: [unclosed\n", "");
  rig.Commit("One of them is broken");
  const Value limits = rig.MapStatus("limits");
  EXPECT_EQ(TextAt(limits, "phase"), "Healthy");
  EXPECT_EQ(TextAt(limits, "syncReason"), "InvalidManifests");
}

}  // namespace
}  // namespace portolan::e2e
