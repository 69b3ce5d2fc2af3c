#include "mapcore/published.h"

#include <gtest/gtest.h>

#include <memory>

namespace portolan::mapcore {
namespace {

TEST(Published, KeepsASupersededValueForThoseWhoLoadedIt) {
  Published<int> number(std::make_shared<const int>(1));
  const std::shared_ptr<const int> before = number.Load();
  number.Store(std::make_shared<const int>(2));
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(*number.Load(), 2);
}

// A value whose end publishes: it deadlocks if the lock is still held then.
struct Last {
  explicit Last(bool* ended_at) : ended(ended_at) {}
  ~Last() {
    if (owner != nullptr) *ended = owner->Load() != nullptr;
  }
  bool* ended;
  const Published<Last>* owner = nullptr;
};

TEST(Published, DestroysASupersededValueOutsideItsLock) {
  bool ended = false;
  bool unused = false;
  auto first = std::make_shared<Last>(&ended);
  Last* raw = first.get();
  Published<Last> last(std::move(first));
  raw->owner = &last;
  last.Store(std::make_shared<const Last>(&unused));
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace portolan::mapcore
