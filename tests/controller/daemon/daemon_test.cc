#include "controller/daemon/daemon.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "controller/daemon/fast_path_watch.h"
#include "controller/daemon/system_clock.h"
#include "controller/http/client.h"
#include "controller/store/sqlite_store.h"
#include "tests/contracts/temporary_directory.h"
#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

class DaemonTest : public testing::Test {
 protected:
  DaemonConfig ConfigIn(const std::string& state) {
    DaemonConfig config;
    config.state = directory_.File(state);
    config.listen.control = "127.0.0.1:0";
    return config;
  }
  static ClientResponse Get(const Daemon& daemon, const std::string& target) {
    return Do(daemon, {.target = target});
  }
  static ClientResponse Post(const Daemon& daemon, const std::string& target) {
    return Do(daemon, {.method = "POST", .target = target, .body = R"({"reason":"a test"})"});
  }
  static ClientResponse Do(const Daemon& daemon, const HttpClient::Call& call) {
    const HttpClient client({.endpoint = *ParseEndpoint(daemon.addresses().front())});
    auto response = client.Do(call);
    EXPECT_TRUE(response.ok()) << (response.ok() ? "" : response.error().message);
    return response.ok() ? *response : ClientResponse{};
  }

  const SystemClock clock_;
  const TemporaryDirectory directory_;
};

TEST_F(DaemonTest, AnswersOnAFreePortAndStops) {
  auto daemon = Daemon::Start(ConfigIn("a"), clock_);
  ASSERT_TRUE(daemon.ok()) << daemon.error().message;
  EXPECT_EQ(Get(**daemon, "/livez").status, 200);
  EXPECT_EQ(Get(**daemon, "/readyz").status, 200);
  EXPECT_NE(Get(**daemon, "/metrics").body.find("portolan_journalled 1"), std::string::npos);
  EXPECT_TRUE((*daemon)->Stop());
}

// Here by taking huge pages from the process while it runs.
TEST_F(DaemonTest, ChecksItsFastPathsOnceAMinuteAndNotWhenTheMetricsAreRead) {
  FakeClock clock;
  auto daemon = Daemon::Start(ConfigIn("a"), clock);
  ASSERT_TRUE(daemon.ok()) << daemon.error().message;
  // Whoever is answered here has seen a round of the control loop; the second, one that began after
  // the call.
  const auto turn_control_loop = [&] {
    for (int i = 0; i < 2; ++i) EXPECT_EQ(Post(**daemon, "/v1/maps/none/abort").status, 404);
  };
  const auto shows = [&](const std::string& circuit) {
    const std::string series = "portolan_mapcore_fast_path{path=\"huge-pages\",circuit=\"";
    return Get(**daemon, "/metrics").body.find(series + circuit + "\"} 1") != std::string::npos;
  };
  if (!shows("fast")) GTEST_SKIP() << "this machine has no huge pages";
  turn_control_loop();
  ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
  turn_control_loop();
  EXPECT_TRUE(shows("fast")) << "not checked since";
  clock.Advance(FastPathWatch::kInterval);
  turn_control_loop();
  EXPECT_TRUE(shows("open"));
  ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
  clock.Advance(FastPathWatch::kInterval);
  turn_control_loop();
  EXPECT_TRUE(shows("open")) << "for good";
}

TEST_F(DaemonTest, ListensOnAUnixSocketBesides) {
  DaemonConfig config = ConfigIn("a");
  config.listen.socket = directory_.File("portolan.sock");
  auto daemon = Daemon::Start(config, clock_);
  ASSERT_TRUE(daemon.ok()) << daemon.error().message;
  const HttpClient client({.endpoint = *ParseEndpoint("unix://" + config.listen.socket)});
  const auto response = client.Do({.target = "/v1/status"});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST_F(DaemonTest, OpenToOthersItAnswersToWhateverNameTheyKnowItBy) {
  for (const bool insecure : {true, false}) {
    DaemonConfig config = ConfigIn(insecure ? "a" : "b");
    config.listen.insecure = insecure;
    auto daemon = Daemon::Start(config, clock_);
    ASSERT_TRUE(daemon.ok()) << daemon.error().message;
    const HttpClient client({.endpoint = *ParseEndpoint((*daemon)->addresses().front())});
    const auto response =
        client.Do({.target = "/livez", .headers = {{"Host", "maps.example:7420"}}});
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, insecure ? 200 : 421);
  }
}

TEST_F(DaemonTest, RemovesVersionsThatNoMapNames) {
  const DaemonConfig config = ConfigIn("a");
  Digest unnamed;
  {
    const auto store = OpenSqliteStore(config.state).value();
    unnamed = store->PutBlob("planned once").value();
  }
  {
    const auto daemon = Daemon::Start(config, clock_);
    ASSERT_TRUE(daemon.ok()) << daemon.error().message;
  }
  const auto store = OpenSqliteStore(config.state).value();
  EXPECT_EQ(store->GetBlob(unnamed).error().code, ErrorCode::kNotFound);
}

TEST_F(DaemonTest, RefusesAStateThatAnotherDaemonHas) {
  auto first = Daemon::Start(ConfigIn("a"), clock_);
  ASSERT_TRUE(first.ok());
  auto second = Daemon::Start(ConfigIn("a"), clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST_F(DaemonTest, RefusesAnAddressThatIsTaken) {
  auto first = Daemon::Start(ConfigIn("a"), clock_);
  ASSERT_TRUE(first.ok());
  DaemonConfig config = ConfigIn("b");
  config.listen.control = (*first)->addresses().front().substr(std::string("http://").size());
  auto second = Daemon::Start(config, clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(config.listen.control), std::string::npos)
      << second.error().message;
}

TEST_F(DaemonTest, RefusesATokensFileThatIsNotThere) {
  DaemonConfig config = ConfigIn("a");
  config.tokens = directory_.File("tokens.yaml");
  EXPECT_FALSE(Daemon::Start(config, clock_).ok());
}

}  // namespace
}  // namespace portolan::controller
