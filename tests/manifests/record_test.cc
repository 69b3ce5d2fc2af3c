#include "manifests/record.h"

#include <gtest/gtest.h>

#include <array>

namespace portolan::manifests {
namespace {

enum class Color { kRed, kBlue };
constexpr std::array<std::string_view, 2> kColors = {"red", "blue"};

TEST(RecordReader, KeepsVariablesWhoseMembersAreAbsent) {
  const Value record = Value::Object{{"name", "x"}, {"color", "blue"}, {"soakMs", 5}};
  RecordReader reader(record, "thing");
  std::string name = "before";
  std::int64_t count = 7;
  Duration soak{1};
  Color color = Color::kRed;
  reader.Read("name", name);
  reader.Read("count", count);
  reader.Read("soakMs", soak);
  reader.ReadEnum("color", kColors, color);
  EXPECT_TRUE(reader.Items("items").empty());
  EXPECT_TRUE(reader.status().ok());
  EXPECT_EQ(name, "x");
  EXPECT_EQ(count, 7);
  EXPECT_EQ(soak, Duration(5));
  EXPECT_EQ(color, Color::kBlue);
}

TEST(RecordReader, IsCorruptOnAMemberOfTheWrongKind) {
  const Value record = Value::Object{{"name", 1}, {"color", "green"}};
  std::string name;
  Color color = Color::kRed;
  RecordReader first(record, "thing");
  first.Read("name", name);
  EXPECT_EQ(first.status().error().code, ErrorCode::kCorrupt);
  RecordReader second(record, "thing");
  second.ReadEnum("color", kColors, color);
  EXPECT_FALSE(second.status().ok());
  EXPECT_FALSE(RecordReader(Value(3), "thing").status().ok());
}

}  // namespace
}  // namespace portolan::manifests
