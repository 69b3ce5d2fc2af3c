#include "reconciler/policy/cel/did_you_mean.h"

#include <gtest/gtest.h>

namespace portolan::reconciler::cel {
namespace {

TEST(DidYouMean, NamesTheNearest) {
  EXPECT_EQ(DidYouMean("percnt", {"first", "percent", "digest"}), "; did you mean `percent`?");
  EXPECT_EQ(DidYouMean("pecrent", {"percent"}), "; did you mean `percent`?");
  EXPECT_EQ(DidYouMean("startWith", {"endsWith", "startsWith"}), "; did you mean `startsWith`?");
}

TEST(DidYouMean, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(DidYouMean("percent", {"approvals", "x"}), "");
  EXPECT_EQ(DidYouMean("a", {"b"}), "");
  EXPECT_EQ(DidYouMean(std::string(1000, 'a'), {std::string(999, 'a')}), "");
}

}  // namespace
}  // namespace portolan::reconciler::cel
