#include "tests/reconciler/policy/cel/random_expression.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/from_environment.h"

namespace portolan::reconciler::cel {
namespace {

// PORTOLAN_SEED repeats a run; PORTOLAN_EXPRESSIONS makes a longer one.
TEST(RandomExpressions, NeverCrashAndNeverPassALimit) {
  const std::uint64_t seed = FromEnvironment("PORTOLAN_SEED", std::random_device()());
  const std::uint64_t count = FromEnvironment("PORTOLAN_EXPRESSIONS", 3'000);
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string source = RandomExpression(random, 1 + static_cast<int>(random.Below(5)));
    ASSERT_EQ(BrokenPromise(source), "") << "seed " << seed << ": " << source;
    const std::string damaged = Damaged(source, random);
    ASSERT_EQ(BrokenPromise(damaged), "") << "seed " << seed << ": " << damaged;
  }
  std::printf("seed %llu, %llu expressions and as many damaged\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(count));
}

}  // namespace
}  // namespace portolan::reconciler::cel
