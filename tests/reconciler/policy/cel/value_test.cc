#include "reconciler/policy/cel/value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace portolan::reconciler::cel {
namespace {

const Map* MapOf(std::vector<MapEntry>& entries, Arena& arena) {
  return SortedMap(entries.data(), entries.size(), arena);
}

struct Keys final : EntryVisitor {
  bool Visit(const Value& key, const Value&) override {
    kinds.push_back(key.kind());
    return kinds.size() < most;
  }
  std::vector<Kind> kinds;
  std::size_t most = 100;
};

TEST(Value, KeepsWhatItWasMadeOf) {
  EXPECT_EQ(Value::Int(-5).AsInt(), -5);
  EXPECT_EQ(Value::Uint(~0ull).AsUint(), ~0ull);
  EXPECT_EQ(Value::Double(0.5).AsDouble(), 0.5);
  EXPECT_EQ(Value::String("text").AsText(), "text");
  EXPECT_EQ(Value::Timestamp({-1, 999'999'999}).AsTime(), (SecondsNanos{-1, 999'999'999}));
  EXPECT_TRUE(Value::Bool(true).AsBool());
  EXPECT_TRUE(Value().is(Kind::kNull));
}

TEST(Value, NamesTypesAsTheLanguageDoes) {
  EXPECT_EQ(TypeName(Kind::kNull), "null_type");
  EXPECT_EQ(TypeName(Kind::kDuration), "google.protobuf.Duration");
  EXPECT_EQ(TypeName(Kind::kCidr), "net.CIDR");
}

TEST(ValueMap, VisitsBoolsThenNumbersThenStringsInOrder) {
  Arena arena;
  std::vector<MapEntry> entries = {{Value::String("a"), {}}, {Value::Uint(3), {}},
                                   {Value::Int(-1), {}},     {Value::Bool(true), {}},
                                   {Value::String(""), {}},  {Value::Int(2), {}}};
  Keys keys;
  MapOf(entries, arena)->ForEach(true, keys, arena);
  EXPECT_EQ(keys.kinds, (std::vector{Kind::kBool, Kind::kInt, Kind::kInt, Kind::kUint,
                                     Kind::kString, Kind::kString}));
}

TEST(ValueMap, EndsTheVisitWhenTheVisitorHasEnough) {
  Arena arena;
  std::vector<MapEntry> entries = {{Value::Int(1), {}}, {Value::Int(2), {}}, {Value::Int(3), {}}};
  Keys keys;
  keys.most = 2;
  MapOf(entries, arena)->ForEach(true, keys, arena);
  EXPECT_EQ(keys.kinds.size(), 2u);
}

TEST(ValueMap, FindsKeysByMathematicalValue) {
  Arena arena;
  std::vector<MapEntry> entries = {{Value::Uint(3), Value::Int(30)},
                                   {Value::Int(1), Value::Int(10)}};
  const Map* const map = MapOf(entries, arena);
  EXPECT_EQ(map->Find(Value::Double(3.0), arena)->AsInt(), 30);
  EXPECT_EQ(map->Find(Value::Uint(1), arena)->AsInt(), 10);
  EXPECT_FALSE(map->Find(Value::Double(3.1), arena).has_value());
  EXPECT_FALSE(map->Find(Value::Bytes("3"), arena).has_value());
  EXPECT_FALSE(map->Find(Value::Null(), arena).has_value());
}

TEST(SortedMap, RefusesEqualKeysAcrossKinds) {
  Arena arena;
  std::vector<MapEntry> entries = {{Value::Int(0), {}}, {Value::Uint(0), {}}};
  EXPECT_EQ(MapOf(entries, arena), nullptr);
}

}  // namespace
}  // namespace portolan::reconciler::cel
