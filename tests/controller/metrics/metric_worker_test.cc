#include "controller/metrics/metric_worker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <future>

#include "tests/controller/metrics/fake_provider.h"
#include "tests/controller/metrics/metrics_fixture.h"

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;

class MetricWorkerTest : public testing::Test {
 protected:
  MetricWorkerTest() {
    auto fake = std::make_unique<FakeProvider>();
    auto second = std::make_unique<FakeProvider>();
    provider = fake.get();
    other = second.get();
    std::map<std::string, MetricWorker::Provider> providers;
    providers["main"] = {std::move(fake), 2, CircuitBreaker()};
    providers["other"] = {std::move(second), 1, CircuitBreaker()};
    worker = std::make_unique<MetricWorker>(
        std::move(providers), clock,
        MetricWorker::Hooks{[this](reconciler::Measurement m) { answers.Add(std::move(m)); },
                            [this](const std::string& name, std::string_view outcome) {
                              const std::lock_guard lock(mutex);
                              outcomes.push_back(name + " " + std::string(outcome));
                            }});
  }

  Duration Work() { return worker->Work(clock.now()); }
  Duration Supervise() { return worker->Supervise(clock.now()); }
  std::future<Duration> WorkAside() {
    return std::async(std::launch::async, [this] { return Work(); });
  }
  void Ask(manifests::ProviderMetric metric = InstantMetric()) {
    worker->Ask({RequestFor(metric, ++asked)});
  }
  void Fail(ErrorCode code) {
    provider->Answer([code](const ProviderQuery&) { return Error{code, "it failed"}; });
  }
  reconciler::Reading Read() { return std::get<reconciler::Reading>(answers.all().back().result); }
  std::string LastError() { return ErrorText(answers.all().back()); }

  StoppedClock clock;
  FakeProvider* provider = nullptr;
  FakeProvider* other = nullptr;
  Answers answers;
  std::mutex mutex;
  std::vector<std::string> outcomes;
  std::uint64_t asked = 0;
  std::unique_ptr<MetricWorker> worker;
};

TEST_F(MetricWorkerTest, AnswersARequestWithItsReading) {
  provider->Answer([](const ProviderQuery&) { return Sample{{4, 6}, "partial"}; });
  Ask();
  EXPECT_TRUE(answers.all().empty()) << "asking does not measure";
  EXPECT_EQ(Work(), 0s);
  ASSERT_EQ(answers.all().size(), 1u);
  const reconciler::Measurement measurement = answers.all()[0];
  EXPECT_EQ(measurement.map, "limits");
  EXPECT_EQ(measurement.rollout, "limits#1");
  EXPECT_EQ(measurement.step, 1u);
  EXPECT_EQ(measurement.key.metric, "m");
  EXPECT_EQ(measurement.number, 1u);
  EXPECT_EQ(measurement.at, clock.now().wall);
  EXPECT_EQ(Read().canary.mean, 5);
  EXPECT_FALSE(Read().stable.has_value());
  EXPECT_EQ(Read().note, "partial");
  EXPECT_EQ(provider->texts(), std::vector<std::string>{"up canary"});
  EXPECT_EQ(provider->deadlines(), std::vector<Duration>{3s});
  EXPECT_EQ(outcomes, std::vector<std::string>{"main success"});
  EXPECT_GT(Work(), 1min) << "nothing more to do";
}

TEST_F(MetricWorkerTest, AComparisonAsksAboutBothArms) {
  provider->Answer([](const ProviderQuery& query) {
    return Sample{{query.values.arm == "stable" ? 1.0 : 2.0}, ""};
  });
  auto metric = InstantMetric("{{arm}}");
  metric.compare.emplace().max_increase = 0.1;
  Ask(metric);
  Work();
  EXPECT_EQ(Read().stable->mean, 1);
  EXPECT_EQ(Read().canary.mean, 2);
  metric.compare->stable = "a";
  metric.compare->canary = "b";
  Ask(metric);
  Work();
  EXPECT_EQ(provider->texts(),
            (std::vector<std::string>{"{{arm}} stable", "{{arm}} canary", "a stable", "b canary"}));
}

TEST_F(MetricWorkerTest, BothArmsShareOneDeadline) {
  provider->Answer([this](const ProviderQuery&) {
    clock.Advance(2s);
    return Sample{{1}, ""};
  });
  auto metric = InstantMetric();
  metric.compare.emplace().max_increase = 0.1;
  Ask(metric);
  Work();
  EXPECT_EQ(provider->deadlines(), (std::vector<Duration>{3s, 1s}));
  metric.timeout = 2s;
  Ask(metric);
  Work();
  EXPECT_EQ(LastError(), "provider \"main\", canary: no time left of 2s");
}

TEST_F(MetricWorkerTest, WhatIsNoNumberIsAnError) {
  const std::vector<std::pair<std::vector<double>, std::string>> cases = {
      {{}, "no data"}, {{std::nan("")}, "NaN"}, {{HUGE_VAL}, "an infinite value"}};
  for (const auto& [points, message] : cases) {
    provider->Answer([points = points](const ProviderQuery&) { return Sample{points, ""}; });
    Ask();
    Work();
    EXPECT_EQ(LastError(), "provider \"main\", canary: " + message);
    EXPECT_EQ(outcomes.back(), "main no_data");
  }
}

TEST_F(MetricWorkerTest, GivesExpressionsThePointsWithoutNaN) {
  auto metric = InstantMetric();
  metric.max.reset();
  metric.success_condition = "result[0] < 1";
  provider->Answer([](const ProviderQuery&) { return Sample{{1, std::nan(""), 3}, ""}; });
  Ask(metric);
  Work();
  EXPECT_EQ(Read().result, manifests::Value(manifests::Value::Array{1.0, 3.0}));
  EXPECT_EQ(Read().canary.mean, 2);
  for (const double point : {std::nan(""), HUGE_VAL}) {
    provider->Answer([point](const ProviderQuery&) { return Sample{{point}, ""}; });
    Ask(metric);
    Work();
    EXPECT_NE(LastError(), "") << "no expression ever sees it";
  }
}

TEST_F(MetricWorkerTest, GivesExpressionsWhatAWebServerAnswers) {
  auto metric = InstantMetric();
  metric.max.reset();
  metric.success_condition = "result.ok";
  const manifests::Value found(manifests::Value::Object{{"ok", true}});
  provider->Answer([&found](const ProviderQuery&) { return Sample{{}, "", found}; });
  Ask(metric);
  Work();
  EXPECT_EQ(Read().result, found);
  EXPECT_EQ(Read().canary.points, 0);
}

TEST_F(MetricWorkerTest, RanksThePointsOfBothArmsForTheJudgeThatWantsIt) {
  provider->Answer([](const ProviderQuery& query) {
    const double from = query.values.arm == "stable" ? 1 : 11;
    Sample sample{{std::nan("")}, ""};
    for (int i = 0; i < 8; ++i) sample.points.push_back(from + i);
    return sample;
  });
  auto metric = InstantMetric("{{arm}}");
  metric.max.reset();
  metric.compare.emplace().max_increase = 0.1;
  Ask(metric);
  Work();
  EXPECT_FALSE(Read().shift.has_value());
  metric.compare->judge = manifests::ComparisonJudge::kMannWhitney;
  Ask(metric);
  Work();
  ASSERT_TRUE(Read().shift.has_value());
  EXPECT_NEAR(Read().shift->estimate, 10.0 / 11, 1e-9) << "of the middle of 1 to 8 and 11 to 18";
  EXPECT_GT(Read().shift->low, 0);
}

TEST_F(MetricWorkerTest, PassesOnTheProvidersError) {
  Fail(ErrorCode::kInvalid);
  Ask();
  Work();
  EXPECT_EQ(LastError(), "provider \"main\", canary: it failed");
  EXPECT_EQ(outcomes, std::vector<std::string>{"main invalid"});
}

TEST_F(MetricWorkerTest, AProviderThatIsNotConfiguredIsAnErrorAtOnce) {
  auto metric = InstantMetric();
  std::get<manifests::PrometheusSource>(metric.source).provider = "mian";
  Ask(metric);
  EXPECT_EQ(LastError(), "no provider \"mian\" in metrics.providers of the daemon's configuration");
  EXPECT_TRUE(outcomes.empty()) << "what a manifest says is no label";
}

TEST_F(MetricWorkerTest, AFullQueueAnswersAtOnce) {
  std::vector<reconciler::MeasurementRequest> many(kMeasurementQueueMax + 2,
                                                   RequestFor(InstantMetric()));
  worker->Ask(std::move(many));
  EXPECT_EQ(answers.all().size(), 2u);
  EXPECT_EQ(LastError(), "4000 measurements wait for provider \"main\" already");
  EXPECT_EQ(outcomes.back(), "main queue_full");
  auto metric = InstantMetric();
  std::get<manifests::PrometheusSource>(metric.source).provider = "other";
  Ask(metric);
  EXPECT_EQ(answers.all().size(), 2u) << "another provider has a queue of its own";
}

TEST_F(MetricWorkerTest, RunsNoMoreCallsAtATimeThanConfiguredAndLetsOthersPass) {
  provider->Close();
  for (int i = 0; i < 3; ++i) Ask();
  auto first = WorkAside();
  auto second = WorkAside();
  ASSERT_TRUE(provider->Reached(2));
  EXPECT_GT(Work(), 1min) << "both slots are taken";
  auto metric = InstantMetric("x");
  std::get<manifests::PrometheusSource>(metric.source).provider = "other";
  Ask(metric);
  EXPECT_EQ(Work(), 0s) << "a provider that hangs delays no other one";
  EXPECT_EQ(answers.all().size(), 1u);
  EXPECT_EQ(other->texts().size(), 1u);
  provider->Open();
  first.wait();
  second.wait();
  EXPECT_EQ(Work(), 0s);
  EXPECT_EQ(answers.all().size(), 4u);
  EXPECT_EQ(worker->threads(), 3);
}

TEST_F(MetricWorkerTest, AtTheDeadlineTheAnswerIsATimeoutAndTheCallIsEnded) {
  provider->Close();
  Ask();
  auto call = WorkAside();
  ASSERT_TRUE(provider->Reached(1));
  clock.Advance(2'999ms);
  EXPECT_EQ(Supervise(), 1ms);
  EXPECT_TRUE(answers.all().empty());
  clock.Advance(1ms);
  Supervise();
  EXPECT_EQ(LastError(), "provider \"main\" did not answer within 3s");
  EXPECT_EQ(outcomes.back(), "main timeout");
  provider->Open();
  call.wait();
  EXPECT_TRUE(provider->cancelled());
  EXPECT_EQ(answers.all().size(), 1u) << "the late answer is nobody's";
}

TEST_F(MetricWorkerTest, ARequestThatFindsNoSlotIsAnswered) {
  provider->Close();
  for (int i = 0; i < 3; ++i) Ask(InstantMetric());
  auto first = WorkAside();
  auto second = WorkAside();
  ASSERT_TRUE(provider->Reached(2));
  clock.Advance(kSlotPatience);
  Supervise();
  std::vector<std::string> errors;
  for (const auto& answer : answers.all()) errors.push_back(ErrorText(answer));
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_EQ(errors[0], "provider \"main\" had no free slot for 10s");
  provider->Open();
  first.wait();
  second.wait();
}

TEST_F(MetricWorkerTest, AServerThatFailsIsLeftAloneUntilATrialSucceeds) {
  Fail(ErrorCode::kUnavailable);
  for (int i = 0; i < 5; ++i) {
    Ask();
    Work();
  }
  EXPECT_EQ(worker->Circuits().at("main"), CircuitBreaker::State::kOpen);
  EXPECT_EQ(worker->Circuits().at("other"), CircuitBreaker::State::kClosed);
  Ask();
  EXPECT_EQ(Work(), 0s);
  EXPECT_EQ(LastError(), "provider \"main\" failed too often; its circuit is open for 30s");
  EXPECT_EQ(outcomes.back(), "main circuit_open");
  EXPECT_EQ(provider->texts().size(), 5u);
  clock.Advance(30s);
  EXPECT_EQ(worker->Circuits().at("main"), CircuitBreaker::State::kHalfOpen);
  provider->Answer([](const ProviderQuery&) { return Sample{{1}, ""}; });
  Ask();
  Work();
  EXPECT_EQ(outcomes.back(), "main success");
  EXPECT_EQ(worker->Circuits().at("main"), CircuitBreaker::State::kClosed);
}

TEST_F(MetricWorkerTest, TimeoutsOpenTheCircuitToo) {
  for (int i = 0; i < 5; ++i) {
    provider->Close();
    Ask();
    auto call = WorkAside();
    ASSERT_TRUE(provider->Reached(1));
    clock.Advance(3s);
    Supervise();
    provider->Open();
    call.wait();
  }
  EXPECT_EQ(worker->Circuits().at("main"), CircuitBreaker::State::kOpen);
}

TEST_F(MetricWorkerTest, ABadQueryDoesNotOpenTheCircuit) {
  Fail(ErrorCode::kInvalid);
  for (int i = 0; i < 20; ++i) {
    Ask();
    Work();
  }
  EXPECT_EQ(worker->Circuits().at("main"), CircuitBreaker::State::kClosed);
}

TEST_F(MetricWorkerTest, StopEndsCallsAndAnswersNobody) {
  provider->Close();
  Ask();
  Ask();
  auto call = WorkAside();
  ASSERT_TRUE(provider->Reached(1));
  worker->Stop();
  provider->Open();
  call.wait();
  EXPECT_TRUE(provider->cancelled());
  EXPECT_GT(Work(), 1min);
  clock.Advance(1h);
  Supervise();
  EXPECT_TRUE(answers.all().empty());
  worker->WaitForWork(1h);
  worker->WaitForDeadline(1h);
}

}  // namespace
}  // namespace portolan::controller
