#include "controller/reconcile/raise_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::controller {
namespace {

TEST(RaiseQueue, JudgesWhatWaitsOnceAndInOrder) {
  std::string answers;
  RaiseQueue queue({[](const reconciler::Rollout& rollout, WallTime now) {
                      EXPECT_EQ(now, WallTime(Duration(7)));
                      return RaiseQueue::Findings{{"few", "soft", "no " + rollout.map}};
                    },
                    [&](const reconciler::Rollout& rollout, RaiseQueue::Findings findings) {
                      answers += rollout.map + ": " + findings.at(0).message + "; ";
                    }});
  for (const char* map : {"a", "b"}) {
    auto rollout = std::make_shared<reconciler::Rollout>();
    rollout->map = map;
    queue.Ask(std::move(rollout));
  }
  queue.Wait(std::chrono::hours(1));
  queue.Process({WallTime(Duration(7)), Duration(7)});
  EXPECT_EQ(answers, "a: no a; b: no b; ");
  queue.Process({WallTime(Duration(8)), Duration(8)});
  EXPECT_EQ(answers, "a: no a; b: no b; ");
}

TEST(RaiseQueue, AWakeEndsAWaitOnce) {
  RaiseQueue queue({});
  queue.Wake();
  queue.Wait(std::chrono::hours(1));
  queue.Wait(Duration(0));
}

}  // namespace
}  // namespace portolan::controller
