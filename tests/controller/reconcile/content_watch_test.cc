#include "controller/reconcile/content_watch.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ContentWatchTest : public testing::Test {
 protected:
  void Add(const std::string& map, Duration interval) {
    auto rollout = std::make_shared<reconciler::Rollout>();
    rollout->map = map;
    rollout->heal.interval = interval;
    maps.push_back(std::move(rollout));
  }
  Duration Pass(Duration time) {
    now.mono += time;
    return watch.Process(now);
  }

  std::vector<std::shared_ptr<const reconciler::Rollout>> maps;
  std::vector<std::string> checked;
  Duration elapsed{0};
  Duration cost{0};
  Now now;
  ContentWatch watch{{[this] { return maps; },
                      [this](const std::string& map) {
                        checked.push_back(map);
                        elapsed += cost;
                      },
                      [this] { return elapsed; }}};
};

TEST_F(ContentWatchTest, ChecksEachMapAtItsInterval) {
  Add("slow", seconds(30));
  Add("fast", seconds(10));
  EXPECT_EQ(Pass(seconds(0)), seconds(1)) << "new maps come without being told";
  Pass(seconds(10));
  Pass(seconds(10));
  EXPECT_EQ(checked, (std::vector<std::string>{"fast", "fast"}));
  Pass(seconds(10));
  Pass(milliseconds(1));
  EXPECT_EQ(checked.size(), 4u);
  EXPECT_EQ(Pass(milliseconds(500)), seconds(1));
  maps.clear();
  Pass(seconds(60));
  EXPECT_EQ(checked.size(), 4u) << "a map that is gone is checked no more";
}

TEST_F(ContentWatchTest, TakesAHundredthOfItsTimeOnly) {
  Add("large", seconds(1));
  Pass(seconds(0));
  cost = milliseconds(200);
  EXPECT_EQ(Pass(seconds(1)), milliseconds(200 * 99));
}

TEST_F(ContentWatchTest, ChecksWhatWaitsLongestFirst) {
  Add("a", seconds(20));
  Add("b", seconds(10));
  Pass(seconds(0));
  Pass(seconds(25));
  EXPECT_EQ(checked, (std::vector<std::string>{"b"}));
}

}  // namespace
}  // namespace portolan::controller
