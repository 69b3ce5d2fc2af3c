// A whole rollout judged by a real Prometheus: the real program, a real repository, and a service
// that lookups decide how slow it is.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cmath>
#include <mutex>
#include <optional>

#include "controller/http/server.h"
#include "tests/controller/metrics/real_prometheus.h"
#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr char kStrategy[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: watched}
spec:
  steps:
    - setWeight: 50%
    - pause: {duration: 4s}
    - setWeight: 100%
  minLookups: 10
  bake: 2s
  analysis: [{template: latency}]
---
apiVersion: portolan/v1
kind: AnalysisTemplate
metadata: {name: latency}
spec:
  metrics:
    - name: p95
      interval: 1s
      inconclusiveLimit: 100
      prometheus:
        provider: main
        query: >-
          histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket{arm="{{arm}}"}[2s])))
      compare: {maxIncrease: 10%}
    - name: p95-limit
      interval: 1s
      inconclusiveLimit: 100
      prometheus:
        provider: main
        query: >-
          histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket{arm="{{arm}}"}[2s])))
      successCondition: result[0] < 0.3
      failureCondition: result[0] > 10.0
)";

// The same steps, watched by a gauge.
constexpr char kGaugeStrategy[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: watched}
spec:
  steps:
    - setWeight: 50%
    - pause: {duration: 4s}
    - analysis: {template: queue}
    - setWeight: 100%
  minLookups: 10
  bake: 2s
---
apiVersion: portolan/v1
kind: AnalysisTemplate
metadata: {name: queue}
spec:
  metrics:
    - name: length
      initialDelay: 10s
      interval: 2s
      count: 1
      prometheus:
        provider: main
        query: queue_length{arm="{{arm}}"}
        range: {window: 10s, step: 1s}
      compare: {judge: mannWhitney, maxIncrease: 10%}
)";

// A service whose requests take as long as its map says on each arm: a histogram for Prometheus.
// 6 of 100 requests are in the slow bucket, so that p95 lies in it.
class Service {
 public:
  Service() {
    controller::HttpServer::Options options;
    options.endpoint.host = "127.0.0.1";
    server_ = std::make_unique<controller::HttpServer>(
        options, [this](controller::Request&) { return controller::TextResponse(Scrape()); });
    port_ = Must(server_->Start());
  }
  int port() const { return port_; }
  void SlowCanary() {
    const std::scoped_lock lock(mutex_);
    slow_ = true;
  }

 private:
  using Counts = std::array<int, 4>;
  static constexpr std::array<const char*, 4> kBounds = {"0.05", "0.1", "0.4", "+Inf"};

  static void Add(std::string& text, const std::string& arm, const Counts& counts) {
    int sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum += counts[i];
      text += "latency_seconds_bucket{arm=\"" + arm + "\",le=\"" + kBounds[i] + "\"} " +
              std::to_string(sum) + "\n";
    }
  }
  std::string Scrape() {
    const std::scoped_lock lock(mutex_);
    stable_[0] += 94;
    stable_[1] += 6;
    canary_[0] += 94;
    canary_[slow_ ? 2 : 1] += 6;
    ++scrapes_;
    const double canary = slow_ ? 130 : 100;
    std::string text = "# TYPE queue_length gauge\nqueue_length{arm=\"stable\"} " +
                       std::to_string(100 + 5 * std::sin(scrapes_)) +
                       "\nqueue_length{arm=\"canary\"} " +
                       std::to_string(canary + 5 * std::sin(scrapes_ + 2)) +
                       "\n# TYPE latency_seconds histogram\n";
    Add(text, "stable", stable_);
    Add(text, "canary", canary_);
    return text;
  }

  std::mutex mutex_;
  Counts stable_{};
  Counts canary_{};
  bool slow_ = false;
  int scrapes_ = 0;
  std::unique_ptr<controller::HttpServer> server_;
  int port_ = 0;
};

constexpr int kMetricsPatienceMs = 60'000;

// A daemon with a configuration file that names the Prometheus, and a repository for it.
class WatchedDaemon {
 public:
  WatchedDaemon(const std::string& prometheus, const std::string& strategy)
      : workshop_({.portolan = PORTOLAN_BINARY, .directory = directory_.path() + "/rig"}),
        address_("http://127.0.0.1:" + std::to_string(FreePort())) {
    Must(workshop_.MakeRepository());
    Must(workshop_.Write("strategies/watched.yaml", strategy));
    const std::string config = directory_.Write(
        "portolan.yaml", "state: " + directory_.File("state") + "\nlisten: {control: \"" +
                             address_.substr(7) + "\"}\nsources: [{name: maps, url: \"" +
                             workshop_.repository().string() +
                             "\", poll: 200ms}]\nmetrics: {providers: [{name: main, type: "
                             "prometheus, address: \"" +
                             prometheus + "\"}]}\n");
    Commit(1);
    process_.emplace(Must(demo::Process::Start({PORTOLAN_BINARY, "serve", "--config", config},
                                               directory_.File("daemon.log"))));
  }

  void Commit(int value) {
    Must(workshop_.Write("maps/limits.yaml",
                         "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: limits}\nspec:\n"
                         "  rollout: {strategy: watched}\n  entries: {a: " +
                             std::to_string(value) + "}\n"));
    Must(workshop_.Commit("Set a to " + std::to_string(value)));
  }

  // What the daemon answers, or null while it does not.
  Value Get(const std::string& target) const { return Call("GET", target, ""); }

  // Reports lookups of both arms until the map is in that phase, at most a minute.
  Value Drive(const std::string& phase, std::int64_t number) {
    for (int waited = 0; waited < kMetricsPatienceMs; waited += 100) {
      const Value status = Get("/v1/maps/limits/status");
      if (status.StringOr("phase", "") == phase && At(status, "stable.number") == Value(number))
        return status;
      Report(status);
      poll(nullptr, 0, 100);
    }
    throw std::runtime_error("not within a minute: " + WriteJson(Get("/v1/maps/limits/why")) +
                             controller::ReadTestFile(directory_.File("daemon.log")));
  }
  Ended Why() const {
    return RunPortolan({"why", "limits", "--server", address_}, directory_.path());
  }

 private:
  Value Call(const std::string& method, const std::string& target, const std::string& body) const {
    const auto answer = controller::HttpClient({.endpoint = *controller::ParseEndpoint(address_)})
                            .Do({.method = method, .target = target, .body = body});
    if (!answer.ok()) return {};
    const auto parsed = manifests::ParseJson(answer->body);
    return parsed.ok() ? *parsed : Value();
  }
  void Report(const Value& status) {
    if (status.IntOr("step", 0) == 0 || At(status, "stable").is_null()) return;
    Value::Array items;
    for (const std::string arm : {"stable", "canary"}) {
      Value item;
      item.Set("map", "limits");
      item.Set("arm", arm);
      item.Set("digest", TextAt(status, arm == "stable" ? "stable.digest" : "target.digest"));
      item.Set("step", status.IntOr("step", 0));
      item.Set("lookups", 40);
      item.Set("subjects", 40);
      items.push_back(std::move(item));
    }
    Value report;
    report.Set("instance", "checkout");
    report.Set("batch", ++batch_);
    report.Set("items", std::move(items));
    Call("POST", "/v1/reports", WriteJson(report));
  }

  controller::TemporaryDirectory directory_;
  demo::Workshop workshop_;
  std::string address_;
  std::optional<demo::Process> process_;
  std::int64_t batch_ = 0;
};

class PrometheusRolloutTest : public testing::Test {
 protected:
  void SetUp() override {
    prometheus = std::make_unique<controller::RealPrometheus>(service.port());
    ASSERT_TRUE(prometheus->WaitUntilReady()) << prometheus->log();
  }
  void Start(const std::string& strategy) {
    daemon = std::make_unique<WatchedDaemon>(prometheus->address(), strategy);
    daemon->Drive("Healthy", 1);
  }
  // The events of the second commit's rollout, with milliseconds since it began.
  void PrintTimeline() const {
    const Value events = At(daemon->Get("/v1/events?map=limits&limit=1000"), "events");
    std::optional<WallTime> start;
    for (const Value& event : events.as_array()) {
      if (TextAt(event, "data.rollout") != "limits#2") continue;
      const WallTime at = Must(ParseTime(TextAt(event, "time")));
      if (!start) start = at;
      std::printf("  %6lld ms  %s: %s\n", static_cast<long long>((at - *start).count()),
                  TextAt(event, "reason").c_str(), TextAt(event, "message").c_str());
    }
  }

  Service service;
  std::unique_ptr<controller::RealPrometheus> prometheus;
  std::unique_ptr<WatchedDaemon> daemon;
};

TEST_F(PrometheusRolloutTest, PromotesACanaryThatIsAsFastAsStable) {
  Start(kStrategy);
  daemon->Commit(2);
  const Value status = daemon->Drive("Healthy", 2);
  EXPECT_EQ(status.StringOr("sync", ""), "Synced") << WriteJson(status);
  PrintTimeline();
}

TEST_F(PrometheusRolloutTest, RollsBackACanaryWhoseP95Rises) {
  Start(kStrategy);
  service.SlowCanary();
  daemon->Commit(2);
  const Value status = daemon->Drive("RolledBack", 1);
  EXPECT_EQ(status.StringOr("reason", ""), "AnalysisFailed") << WriteJson(status);
  PrintTimeline();
  const Ended why = daemon->Why();
  EXPECT_EQ(why.exit_code, 0) << why.err;
  EXPECT_NE(why.out.find("latency/p95"), std::string::npos) << why.out;
  EXPECT_NE(why.out.find("RollingBack"), std::string::npos) << why.out;
}

TEST_F(PrometheusRolloutTest, PromotesACanaryWhoseGaugeIsAsStables) {
  Start(kGaugeStrategy);
  daemon->Commit(2);
  daemon->Drive("Healthy", 2);
  PrintTimeline();
}

TEST_F(PrometheusRolloutTest, RollsBackACanaryWhoseGaugeIsShifted) {
  service.SlowCanary();
  Start(kGaugeStrategy);
  daemon->Commit(2);
  const Value status = daemon->Drive("RolledBack", 1);
  EXPECT_EQ(status.StringOr("reason", ""), "AnalysisFailed") << WriteJson(status);
  PrintTimeline();
  const Ended why = daemon->Why();
  EXPECT_NE(why.out.find("queue/length Failed: canary 1"), std::string::npos) << why.out;
  EXPECT_NE(why.out.find("an increase of more than maxIncrease 10 %"), std::string::npos)
      << why.out;
}

}  // namespace
}  // namespace portolan::e2e
