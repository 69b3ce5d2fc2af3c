#include "controller/daemon/metric_threads.h"

#include <gtest/gtest.h>

#include "controller/daemon/system_clock.h"
#include "tests/controller/metrics/fake_provider.h"
#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;

manifests::ProviderMetric MetricOf(const std::string& provider) {
  manifests::ProviderMetric metric = InstantMetric();
  metric.source = manifests::PrometheusSource{provider, "up", {}};
  return metric;
}

class MetricThreadsTest : public testing::Test {
 protected:
  MetricThreadsTest() {
    auto first = std::make_unique<FakeProvider>();
    hanging = first.get();
    std::map<std::string, MetricWorker::Provider> providers;
    providers["hanging"] = {std::move(first), 2, CircuitBreaker()};
    providers["quick"] = {std::make_unique<FakeProvider>(), 1, CircuitBreaker()};
    worker = std::make_unique<MetricWorker>(
        std::move(providers), clock,
        MetricWorker::Hooks{[this](reconciler::Measurement m) { answers.Add(std::move(m)); },
                            [](const std::string&, std::string_view) {}});
  }

  SystemClock clock;
  FakeProvider* hanging = nullptr;
  Answers answers;
  std::unique_ptr<MetricWorker> worker;
};

TEST_F(MetricThreadsTest, AskingWaitsForNobodyWhileAProviderHangs) {
  hanging->Close();
  {
    const MetricThreads threads(*worker, clock);
    auto patient = MetricOf("hanging");
    patient.timeout = 1h;
    for (std::uint64_t i = 1; i <= 100; ++i) worker->Ask({RequestFor(patient, i)});
    ASSERT_TRUE(hanging->Reached(2));
    worker->Ask({RequestFor(MetricOf("quick"), 7)});
    ASSERT_TRUE(answers.Wait(1));
    EXPECT_EQ(answers.all().at(0).number, 7u) << "that of the other provider";
    hanging->Open();
    EXPECT_TRUE(answers.Wait(101));
  }
  EXPECT_EQ(answers.all().size(), 101u);
}

TEST_F(MetricThreadsTest, ADeadlineIsKeptByTheClock) {
  hanging->Close();
  const MetricThreads threads(*worker, clock);
  auto metric = MetricOf("hanging");
  metric.timeout = 20ms;
  worker->Ask({RequestFor(metric)});
  ASSERT_TRUE(answers.Wait(1));
  EXPECT_EQ(ErrorText(answers.all()[0]), "provider \"hanging\" did not answer within 20ms");
  hanging->Open();
}

TEST_F(MetricThreadsTest, EndsWhileRequestsWait) {
  hanging->Close();
  for (std::uint64_t i = 1; i <= 5; ++i) worker->Ask({RequestFor(MetricOf("hanging"), i)});
  {
    const MetricThreads threads(*worker, clock);
    ASSERT_TRUE(hanging->Reached(2));
    worker->Stop();
    hanging->Open();
  }
  EXPECT_TRUE(hanging->cancelled());
  EXPECT_TRUE(answers.all().empty());
}

TEST(MetricThreads, WithoutAProviderThereIsNothingToRun) {
  SystemClock clock;
  MetricWorker worker({}, clock, {});
  const MetricThreads threads(worker, clock);
  EXPECT_EQ(worker.threads(), 0);
}

}  // namespace
}  // namespace portolan::controller
