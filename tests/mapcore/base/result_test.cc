#include "mapcore/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace portolan {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::kInvalid, std::to_string(number) + " is odd"};
  return number / 2;
}

Result<std::string> Quarter(int number) {
  PORTOLAN_TRY(const int half, Half(number));
  PORTOLAN_TRY(const int quarter, Half(half));
  return std::to_string(quarter);
}

Status CheckQuarter(int number, int& checks_passed) {
  PORTOLAN_CHECK(Half(number));
  ++checks_passed;
  PORTOLAN_CHECK(Half(number / 2));
  ++checks_passed;
  return {};
}

TEST(Result, HoldsTheValueThatItWasGiven) {
  const Result<int> half = Half(8);
  ASSERT_TRUE(half.ok());
  EXPECT_TRUE(static_cast<bool>(half));
  EXPECT_EQ(*half, 4);
}

TEST(Result, HoldsTheErrorThatItWasGiven) {
  const Result<int> half = Half(7);
  ASSERT_FALSE(half.ok());
  EXPECT_EQ(half.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(half.error().message, "7 is odd");
}

TEST(Result, MovesOutAValueThatCannotBeCopied) {
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(owner).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, ConvertsAValueToItsType) {
  const Result<std::string> text = "from a literal";
  EXPECT_EQ(text->size(), 14u);
}

TEST(Try, GoesOnWithTheValueAndReturnsTheFirstError) {
  EXPECT_EQ(*Quarter(12), "3");
  EXPECT_EQ(Quarter(5).error().message, "5 is odd");
  EXPECT_EQ(Quarter(6).error().message, "3 is odd");
}

TEST(Check, ReturnsTheErrorAndStopsThere) {
  int passed = 0;
  EXPECT_TRUE(CheckQuarter(12, passed).ok());
  EXPECT_EQ(passed, 2);
  passed = 0;
  EXPECT_EQ(CheckQuarter(6, passed).error().message, "3 is odd");
  EXPECT_EQ(passed, 1);
}

TEST(ErrorCode, HasADistinctNameForEveryCode) {
  std::set<std::string_view> names;
  const int last = static_cast<int>(ErrorCode::kInternal);
  for (int code = 0; code <= last; ++code)
    names.insert(ErrorCodeName(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_EQ(ErrorCodeName(ErrorCode::kNotFound), "not_found");
}

}  // namespace
}  // namespace portolan
