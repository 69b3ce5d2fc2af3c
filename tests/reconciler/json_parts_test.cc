#include "reconciler/json_parts.h"

#include <gtest/gtest.h>

namespace portolan::reconciler {
namespace {

TEST(JsonParts, ARevisionSurvivesItsValue) {
  const manifests::Revision revision{"main", std::string(40, 'a'), "Ana <ana@example.com>",
                                     "Raise the limit", *ParseTime("2026-11-21T01:30:00Z")};
  const auto again = RevisionFromValue(RevisionToValue(revision));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, revision);
}

TEST(JsonParts, ARevisionWithoutATimeIsCorrupt) {
  manifests::Value value = RevisionToValue({});
  value.Set("time", "yesterday");
  const auto read = RevisionFromValue(value);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(read.error().message.find("\"yesterday\""), std::string::npos);
}

TEST(JsonParts, FindingsKeepTheirOrder) {
  EXPECT_EQ(manifests::CanonicalJson(FindingsToValue({{"b", "soft", "one"}, {"a", "hard", "two"}})),
            R"([{"level":"soft","message":"one","policy":"b"},)"
            R"({"level":"hard","message":"two","policy":"a"}])");
}

}  // namespace
}  // namespace portolan::reconciler
