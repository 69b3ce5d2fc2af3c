#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "manifests/value.h"

namespace portolan::manifests {
namespace {

using namespace std::string_literals;

std::string CanonicalOf(const std::string& json) {
  const auto value = ParseJson(json);
  EXPECT_TRUE(value.ok()) << json;
  return value.ok() ? CanonicalJson(*value) : "";
}

double FromBits(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Golden bytes: published, never to change.
TEST(CanonicalJson, MatchesTheGoldenVectors) {
  const std::pair<std::string, std::string> vectors[] = {
      {"null", "null"},
      {" true ", "true"},
      {"\"\"", "\"\""},
      {"[ ]", "[]"},
      {"{ }", "{}"},
      {"0", "0"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"0e5", "0"},
      {"1.0", "1"},
      {"-12.50", "-12.5"},
      {"1e2", "100"},
      {"9007199254740993", "9007199254740993"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9007199254740992.0", "9007199254740992"},
      {"9007199254740994.0", "9.007199254740994e+15"},
      {"1e20", "1e+20"},
      {"1e21", "1e+21"},
      {"1.5e300", "1.5e+300"},
      {"0.000001", "0.000001"},
      {"0.0000001", "1e-7"},
      {"1.25e-7", "1.25e-7"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"0.1", "0.1"},
      {"123.456", "123.456"},
      {"1e23", "1e+23"},
      {R"("\u0000\u0001\b\t\n\u000b\f\r\u001f\"\\\/\u007f")",
       "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\x7f\""},
      {R"("\u20ac\ud83d\ude00")", "\"€😀\""},
      {R"({"rps": 200, "burst": 400})", R"({"burst":400,"rps":200})"},
      {R"({"b":{"z":1,"a":[3,{"y":0,"x":1}]},"a":""})",
       R"({"a":"","b":{"a":[3,{"x":1,"y":0}],"z":1}})"},
      {R"({"é":1,"e":2,"E":3,"":4,"ea":5})", R"({"":4,"E":3,"e":2,"ea":5,"é":1})"},
  };
  for (const auto& [input, expected] : vectors) EXPECT_EQ(CanonicalOf(input), expected) << input;
}

// The IEEE 754 samples of RFC 8785, appendix B, that are finite and that this form writes the same
// way.
TEST(CanonicalJson, WritesTheDoublesOfRfc8785AppendixB) {
  const std::pair<std::uint64_t, std::string> samples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
  };
  for (const auto& [bits, expected] : samples)
    EXPECT_EQ(CanonicalJson(Value(FromBits(bits))), expected);
}

rc::Gen<double> FiniteDouble() {
  return rc::gen::map(
      rc::gen::suchThat(rc::gen::arbitrary<std::uint64_t>(),
                        [](std::uint64_t bits) { return std::isfinite(FromBits(bits)); }),
      FromBits);
}

rc::Gen<std::string> Text() {
  return rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
}

rc::Gen<Value> AnyValue(int depth) {
  auto leaf = rc::gen::oneOf(
      rc::gen::just(Value()),
      rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t i) { return Value(i); }),
      rc::gen::map(FiniteDouble(), [](double d) { return Value(d); }),
      rc::gen::map(rc::gen::inRange(-1000, 1000), [](int i) { return Value(i / 8.0); }),
      rc::gen::map(Text(), [](std::string s) { return Value(std::move(s)); }));
  if (depth == 0) return leaf;
  const auto few = rc::gen::inRange<std::size_t>(0, 5);
  auto array = rc::gen::mapcat(few, [depth](std::size_t n) {
    return rc::gen::map(rc::gen::container<std::vector<Value>>(n, AnyValue(depth - 1)),
                        [](std::vector<Value> items) { return Value(std::move(items)); });
  });
  auto object = rc::gen::mapcat(few, [depth](std::size_t n) {
    return rc::gen::map(rc::gen::container<std::vector<Value::Member>>(
                            n, rc::gen::pair(Text(), AnyValue(depth - 1))),
                        [](const std::vector<Value::Member>& members) {
                          Value value{Value::Object{}};
                          for (const auto& [key, member] : members) value.Set(key, member);
                          return value;
                        });
  });
  return rc::gen::oneOf(leaf, array, object);
}

// The same value with the members of every object in reverse order.
Value Reversed(const Value& value) {
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.as_array()) items.push_back(Reversed(item));
    return items;
  }
  if (!value.is_object()) return value;
  Value::Object members;
  for (const auto& [key, member] : value.as_object()) members.emplace_back(key, Reversed(member));
  std::reverse(members.begin(), members.end());
  return members;
}

bool Holds(const std::string& description, void (*property)()) {
  return rc::check(description, property);
}

TEST(CanonicalJson, IsAFixedPointOfReading) {
  EXPECT_TRUE(Holds("canonical(parse(canonical(v))) == canonical(v)", [] {
    const Value value = *AnyValue(3);
    const std::string bytes = CanonicalJson(value);
    const auto again = ParseJson(bytes);
    RC_ASSERT(again.ok());
    RC_ASSERT(CanonicalJson(*again) == bytes);
  }));
}

TEST(CanonicalJson, DoesNotDependOnTheOrderOfKeys) {
  EXPECT_TRUE(Holds("canonical(reversed(v)) == canonical(v)", [] {
    const Value value = *AnyValue(3);
    RC_ASSERT(Reversed(value) == value);
    RC_ASSERT(CanonicalJson(Reversed(value)) == CanonicalJson(value));
  }));
}

TEST(CanonicalJson, LosesNoBitOfADouble) {
  EXPECT_TRUE(Holds("parse(canonical(d)) == d", [] {
    const double value = *FiniteDouble();
    const auto again = ParseJson(CanonicalJson(Value(value)));
    RC_ASSERT(again.ok());
    RC_ASSERT(again->as_double() == value);
  }));
}

TEST(WriteJson, ReadsBackAsTheSameBytes) {
  EXPECT_TRUE(Holds("canonical(parse(write(v, indent))) == canonical(v)", [] {
    const Value value = *AnyValue(2);
    const auto again = ParseJson(WriteJson(value, *rc::gen::inRange(0, 4)));
    RC_ASSERT(again.ok());
    RC_ASSERT(CanonicalJson(*again) == CanonicalJson(value));
  }));
}

TEST(WriteJson, KeepsInsertionOrderOnOneLine) {
  EXPECT_EQ(WriteJson(*ParseJson(R"({"b":[1,2.5],"a":{"z":null,"c":"\n"}})")),
            R"({"b":[1,2.5],"a":{"z":null,"c":"\n"}})");
}

TEST(WriteJson, IndentsNestedValuesAndKeepsEmptyOnesShort) {
  EXPECT_EQ(WriteJson(*ParseJson(R"({"b":[1,{"x":[]}],"a":{}})"), 2),
            "{\n  \"b\": [\n    1,\n    {\n      \"x\": []\n    }\n  ],\n  \"a\": {}\n}");
}

TEST(WriteJson, WritesNumbersThatJsonLacksAsNull) {
  EXPECT_EQ(WriteJson(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(WriteJson(Value(std::numeric_limits<double>::quiet_NaN())), "null");
}

}  // namespace
}  // namespace portolan::manifests
