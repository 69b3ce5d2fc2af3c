#include "controller/reconcile/bounded_inbox.h"

#include <gtest/gtest.h>

#include <string>

namespace portolan::controller {
namespace {

using Texts = std::vector<std::string>;

std::size_t BytesOf(const std::string& text) {
  return text.size();
}

TEST(BoundedInbox, GivesWhatCameFirst) {
  BoundedInbox<std::string> inbox(100);
  EXPECT_TRUE(inbox.Add({"a", "b"}, BytesOf));
  EXPECT_TRUE(inbox.Add({"c"}, BytesOf));
  EXPECT_EQ(inbox.Take(2), (Texts{"a", "b"}));
  EXPECT_EQ(inbox.Take(2), Texts{"c"});
  EXPECT_TRUE(inbox.empty());
}

TEST(BoundedInbox, RefusesAsAWholeWhatItHasNoRoomForAndKeepsWhatItTook) {
  BoundedInbox<std::string> inbox(10);
  EXPECT_TRUE(inbox.Add({"1234", "5678"}, BytesOf));
  EXPECT_FALSE(inbox.Add({"9", "two more"}, BytesOf));
  EXPECT_EQ(inbox.refused(), 1u);
  EXPECT_EQ(inbox.bytes(), 8u);
  EXPECT_TRUE(inbox.Add({"9", "0"}, BytesOf));
  EXPECT_EQ(inbox.Take(9), (Texts{"1234", "5678", "9", "0"}));
}

TEST(BoundedInbox, HasRoomAgainWhenSomethingWasTaken) {
  BoundedInbox<std::string> inbox(10);
  EXPECT_TRUE(inbox.Add({"12345", "67890"}, BytesOf));
  EXPECT_FALSE(inbox.Add({"again"}, BytesOf));
  EXPECT_EQ(inbox.Take(1), Texts{"12345"});
  EXPECT_TRUE(inbox.Add({"again"}, BytesOf));
  EXPECT_EQ(inbox.bytes(), 10u);
}

TEST(BoundedInbox, TakesAnythingWhenItIsEmpty) {
  BoundedInbox<std::string> inbox(10);
  EXPECT_TRUE(inbox.Add({"longer than it may ever hold"}, BytesOf));
  EXPECT_FALSE(inbox.Add({"x"}, BytesOf));
  EXPECT_EQ(inbox.Take(9).size(), 1u);
  EXPECT_TRUE(inbox.Add({"x"}, BytesOf));
}

}  // namespace
}  // namespace portolan::controller
