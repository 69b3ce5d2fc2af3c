#include "controller/reconcile/due_queue.h"

#include <gtest/gtest.h>

#include "mapcore/base/random.h"

namespace portolan::controller {
namespace {

using Names = std::vector<std::string>;

TEST(DueQueue, GivesWhatIsDueInTheOrderInWhichItBecameDue) {
  DueQueue queue;
  queue.Set("late", Duration(30));
  queue.Set("first", Duration(10));
  queue.Set("second", Duration(20));
  EXPECT_EQ(queue.next(), Duration(10));
  EXPECT_EQ(queue.Take(Duration(9), 10), Names{});
  EXPECT_EQ(queue.Take(Duration(20), 10), (Names{"first", "second"}));
  EXPECT_EQ(queue.next(), Duration(30));
}

TEST(DueQueue, ANameIsDueOnceAndAtTheTimeThatWasSetLast) {
  DueQueue queue;
  queue.Set("map", Duration(10));
  queue.Set("map", Duration(40));
  EXPECT_EQ(queue.Take(Duration(39), 10), Names{});
  queue.Set("map", Duration(20));
  EXPECT_EQ(queue.Take(Duration(39), 10), Names{"map"});
  EXPECT_EQ(queue.Take(Duration(99), 10), Names{});
  EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(DueQueue, LeavesWhatIsBeyondTheLimitDue) {
  DueQueue queue;
  for (int i = 0; i < 5; ++i) queue.Set("map-" + std::to_string(i), Duration(10 - i));
  EXPECT_EQ(queue.Take(Duration(10), 2), (Names{"map-4", "map-3"}));
  queue.Set("map-4", Duration(11));  // asked for again, it queues behind those that wait
  EXPECT_EQ(queue.Take(Duration(20), 2), (Names{"map-2", "map-1"}));
  EXPECT_EQ(queue.Take(Duration(20), 2), (Names{"map-0", "map-4"}));
}

TEST(DueQueue, ForgetsWhatIsRemoved) {
  DueQueue queue;
  queue.Set("map", Duration(10));
  queue.Remove("map");
  queue.Remove("nosuch");
  EXPECT_EQ(queue.Take(Duration(99), 10), Names{});
  EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(DueQueue, AllDueLeavesNothingForLater) {
  DueQueue queue;
  queue.Set("overdue", Duration(1));
  queue.Set("tomorrow", std::chrono::hours(24));
  queue.AllDue(Duration(5));
  EXPECT_EQ(queue.Take(Duration(5), 10), (Names{"overdue", "tomorrow"}));
}

TEST(DueQueue, IsAsGoodAsLookingAtEverything) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    DueQueue queue;
    std::map<std::string, Duration> model;
    for (int round = 0; round < 2'000; ++round) {
      const std::string name = "map-" + std::to_string(random.Below(20));
      const Duration time(static_cast<std::int64_t>(random.Below(100)));
      if (random.Below(4) == 0) {
        queue.Remove(name);
        model.erase(name);
      } else if (random.Below(3) > 0) {
        queue.Set(name, time);
        model[name] = time;
      } else {
        std::set<std::pair<Duration, std::string>> due;
        for (const auto& [each, at] : model)
          if (at <= time) due.emplace(at, each);
        Names expected;
        for (const auto& [at, each] : due)
          if (expected.size() < 3) expected.push_back(each);
        EXPECT_EQ(queue.Take(time, 3), expected);
        for (const std::string& taken : expected) model.erase(taken);
      }
    }
  }
}

}  // namespace
}  // namespace portolan::controller
