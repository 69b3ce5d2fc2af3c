// Metrics of a real Prometheus that scrapes a real endpoint, from the query to the verdict.
#include "tests/controller/metrics/real_prometheus.h"

#include <gtest/gtest.h>

#include <array>

#include "controller/daemon/system_clock.h"
#include "controller/http/server.h"
#include "controller/metrics/providers.h"
#include "reconciler/analysis/metric_run.h"
#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;
using reconciler::RunPhase;

// What the service of the test shows of its two arms. Each scrape finds 100 requests more per arm,
// of which 6 are in the slow bucket, so that p95 lies in it.
class Service {
 public:
  enum class Canary { kLikeStable, kSlow, kWild };

  void Become(Canary canary) {
    const std::lock_guard lock(mutex_);
    canary_ = canary;
  }
  // Waits, at most twenty seconds, for one more scrape.
  bool WaitForScrape() {
    std::unique_lock lock(mutex_);
    const int before = scrapes_;
    return scraped_.wait_for(lock, 20s, [&] { return scrapes_ > before; });
  }
  std::string Scrape() {
    const std::lock_guard lock(mutex_);
    ++scrapes_;
    scraped_.notify_all();
    const double swing = scrapes_ % 2 == 0 ? 1 : -1;
    const double wild = canary_ == Canary::kWild ? 8 : 1;
    Count(stable_, 1);
    Count(canary_counts_, canary_ == Canary::kSlow ? 3 : 1);
    std::string text = "# TYPE latency_seconds histogram\n";
    AddHistogram("stable", stable_, text);
    AddHistogram("canary", canary_counts_, text);
    text += "# TYPE p95_ms gauge\np95_ms{arm=\"stable\"} " + std::to_string(100 + swing) +
            "\np95_ms{arm=\"canary\"} " + std::to_string(100 + wild * swing) + "\n";
    return text + "# TYPE nothing gauge\nnothing NaN\n";
  }

 private:
  static constexpr std::array<const char*, 5> kBounds = {"0.05", "0.1", "0.2", "0.4", "+Inf"};
  using Counts = std::array<int, kBounds.size()>;

  static void Count(Counts& counts, std::size_t slow) {
    counts[0] += 94;
    counts[slow] += 6;
  }
  static void AddHistogram(const std::string& arm, const Counts& counts, std::string& text) {
    int sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum += counts[i];
      text += "latency_seconds_bucket{arm=\"" + arm + "\",le=\"" + kBounds[i] + "\"} " +
              std::to_string(sum) + "\n";
    }
    text += "latency_seconds_sum{arm=\"" + arm + "\"} 1\nlatency_seconds_count{arm=\"" + arm +
            "\"} " + std::to_string(sum) + "\n";
  }

  std::mutex mutex_;
  std::condition_variable scraped_;
  Canary canary_ = Canary::kLikeStable;
  int scrapes_ = 0;
  Counts stable_{};
  Counts canary_counts_{};
};

class RealPrometheusTest : public testing::Test {
 protected:
  void SetUp() override {
    HttpServer::Options options;
    options.endpoint.host = "127.0.0.1";
    endpoint = std::make_unique<HttpServer>(
        options, [this](Request&) { return TextResponse(service.Scrape()); });
    const auto port = endpoint->Start();
    ASSERT_TRUE(port.ok());
    prometheus = std::make_unique<RealPrometheus>(*port);
    ASSERT_TRUE(prometheus->WaitUntilReady()) << prometheus->log();
    MetricProviderConfig config;
    config.name = "main";
    config.address = prometheus->address();
    auto providers = MakeProviders({config});
    ASSERT_TRUE(providers.ok());
    worker = std::make_unique<MetricWorker>(
        std::move(providers).value(), clock,
        MetricWorker::Hooks{[this](reconciler::Measurement m) { answers.Add(std::move(m)); },
                            [](const std::string&, std::string_view) {}});
  }

  reconciler::Measurement Measure(const manifests::ProviderMetric& metric) {
    worker->Ask({RequestFor(metric)});
    worker->Work(clock.now());
    return answers.all().back();
  }
  // The verdict of a run that takes one measurement.
  reconciler::RunVerdict Judge(const manifests::ProviderMetric& metric) {
    auto run = reconciler::AddMeasurement({}, metric, Measure(metric), clock.now());
    return reconciler::FinalVerdictOf(metric, run, false);
  }
  // Judges after every scrape, at most a minute's, until the verdict is the wanted one.
  reconciler::RunVerdict JudgeUntil(const manifests::ProviderMetric& metric, RunPhase wanted) {
    reconciler::RunVerdict verdict;
    for (int scrapes = 0; scrapes < 240; ++scrapes) {
      if (!service.WaitForScrape()) break;
      verdict = Judge(metric);
      if (verdict.phase == wanted) break;
    }
    return verdict;
  }
  std::string ErrorOf(const std::string& query) { return ErrorText(Measure(InstantMetric(query))); }

  static manifests::ProviderMetric Compare(const std::string& query,
                                           const manifests::Comparison& compare) {
    auto metric = InstantMetric(query);
    metric.max.reset();
    metric.compare = compare;
    return metric;
  }
  static manifests::ProviderMetric InRange(manifests::ProviderMetric metric) {
    std::get<manifests::PrometheusSource>(metric.source).range = manifests::RangeQuery{3s, 250ms};
    return metric;
  }

  SystemClock clock;
  Service service;
  std::unique_ptr<HttpServer> endpoint;
  std::unique_ptr<RealPrometheus> prometheus;
  Answers answers;
  std::unique_ptr<MetricWorker> worker;
};

TEST_F(RealPrometheusTest, AnswersInstantQueriesAndSaysWhatIsWrongWithOthers) {
  EXPECT_EQ(ErrorOf("p95_ms{arm=\"{{arm}}\"}"), "provider \"main\", canary: no data")
      << "before the first scrape";
  auto metric = InstantMetric("p95_ms{arm=\"{{arm}}\"}");
  metric.min = 90;
  metric.max = 110;
  const auto verdict = JudgeUntil(metric, RunPhase::kSuccessful);
  EXPECT_EQ(verdict.phase, RunPhase::kSuccessful) << verdict.message;
  metric.max = 90.5;
  metric.min.reset();
  EXPECT_EQ(Judge(metric).phase, RunPhase::kFailed);

  EXPECT_EQ(ErrorOf("p95_ms"),
            "provider \"main\", canary: the query gives 2 series; expected one: aggregate them, "
            "for example with sum(…)");
  EXPECT_EQ(ErrorOf("sum(p95_ms) / (sum(p95_ms) - sum(p95_ms)) * 0"),
            "provider \"main\", canary: NaN");
  EXPECT_EQ(ErrorOf("nothing"), "provider \"main\", canary: NaN");
  EXPECT_EQ(ErrorOf("1 / 0"), "provider \"main\", canary: an infinite value");
  EXPECT_EQ(ErrorOf("absent_metric"), "provider \"main\", canary: no data");
  EXPECT_EQ(ErrorOf("\"text\""),
            "provider \"main\", canary: the query gives a string; expected a scalar or one series");
  EXPECT_NE(ErrorOf("p95_ms{").find("answered 400"), std::string::npos);
  EXPECT_NE(ErrorOf("p95_ms{").find("parse error"), std::string::npos);
}

manifests::Comparison Limits(double increase, std::optional<double> variance_ratio = {}) {
  manifests::Comparison limits;
  limits.max_increase = increase;
  limits.max_variance_ratio = variance_ratio;
  return limits;
}

TEST_F(RealPrometheusTest, SeesP95OfTheCanaryRise) {
  const std::string p95 =
      "histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket{arm=\"{{arm}}\"}[1s])))";
  const auto instant = Compare(p95, Limits(0.1));
  const auto range = InRange(instant);
  auto verdict = JudgeUntil(range, RunPhase::kSuccessful);
  EXPECT_EQ(verdict.phase, RunPhase::kSuccessful) << verdict.message;
  EXPECT_EQ(Judge(instant).phase, RunPhase::kSuccessful);

  service.Become(Service::Canary::kSlow);
  verdict = JudgeUntil(range, RunPhase::kFailed);
  EXPECT_EQ(verdict.phase, RunPhase::kFailed) << verdict.message;
  EXPECT_NE(verdict.message.find("more than maxIncrease 10 %"), std::string::npos)
      << verdict.message;
  EXPECT_EQ(JudgeUntil(instant, RunPhase::kFailed).phase, RunPhase::kFailed);
}

TEST_F(RealPrometheusTest, SeesP95FluctuateAtTheSameMean) {
  const auto metric = InRange(Compare("p95_ms{arm=\"{{arm}}\"}", Limits(0.1, 16)));
  auto verdict = JudgeUntil(metric, RunPhase::kSuccessful);
  EXPECT_EQ(verdict.phase, RunPhase::kSuccessful) << verdict.message;
  service.Become(Service::Canary::kWild);
  verdict = JudgeUntil(metric, RunPhase::kFailed);
  EXPECT_EQ(verdict.phase, RunPhase::kFailed) << verdict.message;
  EXPECT_NE(verdict.message.find("more than maxVarianceRatio 16"), std::string::npos)
      << verdict.message;
}

}  // namespace
}  // namespace portolan::controller
