#include "controller/metrics/circuit_breaker.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

class CircuitBreakerTest : public testing::Test {
 protected:
  // Fails as often as opens it.
  void Open() {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(breaker.Admit(now));
      breaker.Record(false, now);
    }
  }

  CircuitBreaker breaker;
  Duration now = 100s;
};

TEST_F(CircuitBreakerTest, StaysClosedBelowTheLimitAndAfterASuccess) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) breaker.Record(false, now);
    EXPECT_EQ(breaker.state(now), State::kClosed);
    breaker.Record(true, now);
  }
}

TEST_F(CircuitBreakerTest, OpensAtTheFifthFailureInARow) {
  Open();
  EXPECT_EQ(breaker.state(now), State::kOpen);
  EXPECT_FALSE(breaker.Admit(now));
  EXPECT_FALSE(breaker.Admit(now + 29s));
  EXPECT_EQ(breaker.OpenFor(now + 29s), 1s);
}

TEST_F(CircuitBreakerTest, HalfOpenLetsOneTrialThrough) {
  Open();
  now += 30s;
  EXPECT_EQ(breaker.state(now), State::kHalfOpen);
  EXPECT_TRUE(breaker.Admit(now));
  EXPECT_FALSE(breaker.Admit(now));
  EXPECT_EQ(breaker.state(now), State::kHalfOpen);
  EXPECT_EQ(breaker.OpenFor(now), 0s);
}

TEST_F(CircuitBreakerTest, ASuccessfulTrialCloses) {
  Open();
  now += 30s;
  EXPECT_TRUE(breaker.Admit(now));
  breaker.Record(true, now);
  EXPECT_EQ(breaker.state(now), State::kClosed);
  EXPECT_TRUE(breaker.Admit(now));
  EXPECT_TRUE(breaker.Admit(now));
  for (int i = 0; i < 4; ++i) breaker.Record(false, now);
  EXPECT_EQ(breaker.state(now), State::kClosed) << "failures count from nought again";
}

TEST_F(CircuitBreakerTest, AFailedTrialOpensForAsLongAgain) {
  Open();
  now += 30s;
  EXPECT_TRUE(breaker.Admit(now));
  breaker.Record(false, now + 3s);
  EXPECT_EQ(breaker.state(now + 3s), State::kOpen);
  EXPECT_FALSE(breaker.Admit(now + 32s));
  EXPECT_TRUE(breaker.Admit(now + 33s));
}

TEST_F(CircuitBreakerTest, AFailureOfACallFromBeforeItOpenedChangesNothing) {
  Open();
  breaker.Record(false, now + 20s);
  EXPECT_EQ(breaker.OpenFor(now + 20s), 10s);
}

TEST_F(CircuitBreakerTest, ATrialThatIsNeverHeardOfDoesNotKeepItHalfOpen) {
  Open();
  now += 30s;
  EXPECT_TRUE(breaker.Admit(now));
  EXPECT_FALSE(breaker.Admit(now + 89s));
  EXPECT_TRUE(breaker.Admit(now + 90s));
}

}  // namespace
}  // namespace portolan::controller
