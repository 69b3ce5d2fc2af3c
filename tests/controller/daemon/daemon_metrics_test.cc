#include "controller/daemon/daemon_metrics.h"

#include <cstdio>
#include <cstdlib>

#include "tests/controller/reconcile/world.h"

namespace portolan::controller {
namespace {

class DaemonMetricsTest : public testing::Test {
 protected:
  DaemonMetricsTest() {
    world.Settle("limits", world.limits_1);
    world.Want("limits", world.limits_2);
  }

  std::string Render() {
    SourceStatus source;
    source.name = "edge";
    source.ready = true;
    source.last_fetch = WallTime(std::chrono::seconds(1'700'000'000));
    return metrics.Render(world.rollouts, {source});
  }

  static bool HasLine(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
  }

  MemoryStore disk;
  World world{disk};
  DaemonMetrics metrics;
};

TEST_F(DaemonMetricsTest, SaysInWhichPhaseAMapIs) {
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_map_phase{map="limits",phase="Stepping"} 1)")) << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_map_phase{map="limits",phase="Healthy"} 0)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_map_canary_weight_ratio{map="limits"} 0.05)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_map_entries{map="limits"} 3)"));
  world.Pass(std::chrono::minutes(2));
  EXPECT_TRUE(HasLine(Render(), R"(portolan_map_phase{map="limits",phase="Stepping"} 0)"));
  EXPECT_TRUE(HasLine(Render(), R"(portolan_map_canary_weight_ratio{map="limits"} 0)"));
}

TEST_F(DaemonMetricsTest, ShowsThePhaseOfEveryMapOfAThousand) {
  for (int i = 0; i < 1'000; ++i) world.Want("map-" + std::to_string(i), world.limits_1);
  const std::string text = Render();
  for (const char* map : {"map-0", "map-500", "map-999"})
    EXPECT_TRUE(
        HasLine(text, std::string(R"(portolan_map_phase{map=")") + map + R"(",phase="Baking"} 1)"))
        << map;
  EXPECT_EQ(text.find("_other"), std::string::npos);
}

TEST_F(DaemonMetricsTest, ShowsWhatADualRunComparedAndKeepsItToZeroInTheNextRollout) {
  EXPECT_EQ(Render().find("portolan_shadow_compared{"), std::string::npos);
  world.Pass(std::chrono::minutes(2));
  world.strategy.shadow = manifests::Shadow{.share = 100'000};
  world.Want("limits", world.limits_3);
  mapcore::ReadGuard guard;
  for (const char* key : {"api/login", "api/login", "api/search"})
    world.catalog.Find(guard, "limits")->CompareArms(key);
  world.Pass(std::chrono::seconds(1));
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_map_phase{map="limits",phase="Shadow"} 1)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_shadow_compared{map="limits",kind="lookups"} 3)")) << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_shadow_disagreeing{map="limits",kind="lookups"} 2)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_shadow_compared{map="limits",kind="outputs"} 0)"));
  world.strategy.shadow.reset();
  world.Want("limits", VersionOf({{"api/login", "13"}, {"api/search", "20"}, {"%", "1"}}));
  EXPECT_TRUE(HasLine(Render(), R"(portolan_shadow_compared{map="limits",kind="lookups"} 0)"));
}

TEST_F(DaemonMetricsTest, SaysHowMuchDrifted) {
  world.catalog.Remove("limits");
  auto asked = world.rollouts.Drift("");
  world.Process();
  ASSERT_EQ(asked.get().totals.drifted_keys, 3);
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_drift_keys{map="limits",holder="daemon"} 3)")) << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_drift_keys_ratio{map="limits",holder="daemon"} 1)"));
  EXPECT_TRUE(HasLine(text, "portolan_drift_maps_ratio 1"));
  EXPECT_TRUE(HasLine(text, R"(portolan_map_overrides{map="limits"} 0)"));
}

TEST_F(DaemonMetricsTest, CountsEventsAndRollbacksByCause) {
  reconciler::Event event;
  event.type = "Warning";
  event.reason = "RollingBack";
  event.data.Set("cause", "HardLimit");
  metrics.Count(event);
  metrics.Count(event);
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_events_total{type="Warning",reason="RollingBack"} 2)"))
      << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_rollback_total{cause="HardLimit"} 2)"));
}

TEST_F(DaemonMetricsTest, CountsMeasurementsAndShowsCircuits) {
  metrics.CountMeasurement("main", "success");
  metrics.CountMeasurement("main", "timeout");
  metrics.CountMeasurement("main", "timeout");
  metrics.SetCircuits(
      {{"main", CircuitBreaker::State::kOpen}, {"web", CircuitBreaker::State::kHalfOpen}});
  std::string text = Render();
  EXPECT_TRUE(HasLine(
      text, R"(portolan_metric_provider_requests_total{provider="main",outcome="timeout"} 2)"))
      << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_metric_provider_circuit{provider="main",state="open"} 1)"));
  EXPECT_TRUE(
      HasLine(text, R"(portolan_metric_provider_circuit{provider="main",state="closed"} 0)"));
  EXPECT_TRUE(
      HasLine(text, R"(portolan_metric_provider_circuit{provider="web",state="half_open"} 1)"));
  metrics.SetCircuits({{"main", CircuitBreaker::State::kClosed}});
  text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_metric_provider_circuit{provider="main",state="open"} 0)"));
  EXPECT_TRUE(
      HasLine(text, R"(portolan_metric_provider_circuit{provider="main",state="closed"} 1)"));
}

TEST_F(DaemonMetricsTest, ShowsWhichFastPathsTheMapsTake) {
  using mapcore::FastPath;
  using Circuit = mapcore::FastPathState::Circuit;
  metrics.SetFastPaths({{FastPath::kMembarrier, Circuit::kPortable, 0, 3, "refused"}});
  const std::string text = Render();
  const auto path = [](const char* circuit, int value) {
    return std::string(R"(portolan_mapcore_fast_path{path="membarrier",circuit=")") + circuit +
           "\"} " + std::to_string(value);
  };
  EXPECT_TRUE(HasLine(text, path("portable", 1))) << text;
  EXPECT_TRUE(HasLine(text, path("fast", 0)));
  EXPECT_TRUE(HasLine(text, path("open", 0)));
  EXPECT_TRUE(HasLine(text, R"(portolan_mapcore_fast_path_fallbacks{path="membarrier"} 3)"));
}

TEST_F(DaemonMetricsTest, SaysWhatClientsReported) {
  reconciler::Report report{
      "checkout-1",
      1,
      "limits",
      {{world.limits_2->digest(), mapcore::Arm::kCanary, 1, 7, 3, {}, {}, {}, false}}};
  report.items[0].bad["errors"] = {2, {11, 12}};
  ASSERT_TRUE(world.rollouts.Report({report}));
  world.Process();
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_step_lookups{map="limits",arm="canary"} 7)")) << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_step_lookups{map="limits",arm="stable"} 0)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_step_bad_subjects{map="limits",arm="canary"} 2)"));
}

TEST_F(DaemonMetricsTest, SaysWhatTheControlLoopDoesAndWhatWaitsForIt) {
  metrics.ObserveRound(0.003);
  reconciler::Report report = world.ReportOf("limits", world.limits_2, 1, 7);
  ASSERT_TRUE(world.rollouts.Report({report}));
  report.items[0].samples.push_back({"", std::string(kInboxBytesMax, 'x')});
  EXPECT_FALSE(world.rollouts.Report({report}));
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_control_loop_round_seconds_bucket{le="0.0025"} 0)"))
      << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_control_loop_round_seconds_bucket{le="0.005"} 1)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_client_inbox_refused_total{kind="reports"} 1)"));
  EXPECT_TRUE(HasLine(text, R"(portolan_client_inbox_refused_total{kind="acks"} 0)"));
  EXPECT_FALSE(HasLine(text, R"(portolan_client_inbox_bytes{kind="reports"} 0)"));
  const auto visits = [this] {
    return HasLine(Render(),
                   "portolan_control_loop_visits_total " + std::to_string(world.rollouts.visits()));
  };
  EXPECT_TRUE(visits());
  world.Process();
  EXPECT_TRUE(visits()) << "counted once, however often somebody asks";
}

TEST_F(DaemonMetricsTest, SaysHowSourcesAndTheJournalAre) {
  const std::string text = Render();
  EXPECT_TRUE(HasLine(text, R"(portolan_source_ready{source="edge"} 1)"));
  EXPECT_NE(text.find(R"(portolan_source_last_success_timestamp_seconds{source="edge"} 1)"),
            std::string::npos);
  EXPECT_TRUE(HasLine(text, "portolan_journalled 1"));
  world.store.FailWrites(DiskFull());
  ASSERT_TRUE(world.Do("limits", reconciler::Verb::kAbort).ok());
  EXPECT_TRUE(HasLine(Render(), "portolan_journalled 0"));
}

TEST_F(DaemonMetricsTest, AViolationIsOneUntilItEndsOrItsPolicyIsGone) {
  SourceStatus source;
  source.name = "edge";
  source.audit[{"small", "limits"}] = LiveViolation{"hard", "too many", false};
  source.audit[{"other", "limits"}] = std::nullopt;
  std::string text = metrics.Render(world.rollouts, {source});
  EXPECT_TRUE(HasLine(text, R"(portolan_policy_live_violations{policy="small",map="limits"} 1)"))
      << text;
  EXPECT_TRUE(HasLine(text, R"(portolan_policy_live_violations{policy="other",map="limits"} 0)"));
  source.audit.erase({"small", "limits"});
  text = metrics.Render(world.rollouts, {source});
  EXPECT_TRUE(HasLine(text, R"(portolan_policy_live_violations{policy="small",map="limits"} 0)"));
}

TEST_F(DaemonMetricsTest, PassesTheLinterOfPrometheus) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed";
  reconciler::Event event;
  event.type = "Warning";
  event.reason = "RollingBack";
  event.data.Set("cause", "HardLimit");
  metrics.Count(event);
  std::FILE* promtool = ::popen("promtool check metrics", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = Render();
  ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(::pclose(promtool), 0);
}

}  // namespace
}  // namespace portolan::controller
