#include "controller/daemon/fast_path_watch.h"

#include <gtest/gtest.h>

namespace portolan::controller {
namespace {

class FastPathWatchTest : public testing::Test {
 protected:
  mapcore::FastPaths::Probe Counted() {
    return [this]() -> Status {
      ++probed_;
      if (broken_) return Error{ErrorCode::kInternal, "a wrong result"};
      return {};
    };
  }
  static Status NotThere() { return Error{ErrorCode::kUnavailable, "a test says so"}; }
  Duration At(Duration mono) { return watch_.Process({WallTime{}, mono}); }

  int probed_ = 0;
  int failures_ = 0;
  bool broken_ = false;
  mapcore::FastPaths paths_{{Counted(), NotThere, NotThere, NotThere}};
  FastPathWatch watch_{paths_, [this] { ++failures_; }};
};

TEST_F(FastPathWatchTest, ChecksOnceAMinuteHoweverOftenItIsCalled) {
  ASSERT_EQ(probed_, 1) << "when they were made";
  const Duration start = std::chrono::hours(5);
  EXPECT_EQ(At(start), FastPathWatch::kInterval);
  EXPECT_EQ(At(start + std::chrono::seconds(59)), std::chrono::seconds(1));
  EXPECT_EQ(probed_, 1);
  EXPECT_EQ(At(start + std::chrono::seconds(61)), FastPathWatch::kInterval);
  EXPECT_EQ(probed_, 2);
  EXPECT_EQ(At(start + std::chrono::seconds(120)), std::chrono::seconds(1));
  EXPECT_EQ(probed_, 2);
  EXPECT_EQ(At(start + std::chrono::hours(1)), FastPathWatch::kInterval);
  EXPECT_EQ(probed_, 3) << "what was missed is not made up for";
  EXPECT_EQ(failures_, 0);
}

TEST_F(FastPathWatchTest, TellsOfAWrongResultOnce) {
  At(Duration(0));
  broken_ = true;
  At(std::chrono::minutes(1));
  EXPECT_EQ(failures_, 1);
  EXPECT_FALSE(paths_.available(mapcore::FastPath::kSimdProbe));
  At(std::chrono::minutes(2));
  EXPECT_EQ(failures_, 1) << "it is off, and not checked any more";
  EXPECT_EQ(probed_, 2);
}

}  // namespace
}  // namespace portolan::controller
