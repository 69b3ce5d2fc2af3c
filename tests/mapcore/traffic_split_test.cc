#include "mapcore/traffic_split.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace portolan::mapcore {
namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

bool InCanary(const TrafficSplit& split, std::string_view key) {
  return Assign(split, {key, {}}).arm == Arm::kCanary;
}

TEST(Murmur3, GivesThePublishedVectors) {
  EXPECT_EQ(Murmur3("", 0), 0x00000000u);
  EXPECT_EQ(Murmur3("test", 0), 0xba6bd213u);
  EXPECT_EQ(Murmur3("Hello, world!", 0), 0xc0363e43u);
  EXPECT_EQ(Murmur3("The quick brown fox jumps over the lazy dog", 0), 0x2e4ff723u);
  // From SMHasher: the seed, every length of tail, and bytes above 0x7f.
  EXPECT_EQ(Murmur3("", 1), 0x514e28b7u);
  EXPECT_EQ(Murmur3("", 0xffffffff), 0x81f16f39u);
  EXPECT_EQ(Murmur3("\xff\xff\xff\xff", 0), 0x76293b50u);
  EXPECT_EQ(Murmur3("\x21\x43\x65\x87", 0), 0xf55b516bu);
  EXPECT_EQ(Murmur3("\x21\x43\x65\x87", 0x5082edee), 0x2362f9deu);
  EXPECT_EQ(Murmur3("\x21\x43\x65", 0), 0x7e4a8634u);
  EXPECT_EQ(Murmur3("\x21\x43", 0), 0xa0f7b07au);
  EXPECT_EQ(Murmur3("\x21", 0), 0x72661cf4u);
}

TEST(Murmur3, AgreesWithFlagdsVectors) {
  EXPECT_EQ(Murmur3("headerColorrachel@faas.com", 0), 1805633606u);
  EXPECT_EQ(Murmur3("headerColormonica@faas.com", 0), 3314683759u);
  EXPECT_EQ(Murmur3("headerColorjoey@faas.com", 0), 309582631u);
  EXPECT_EQ(Murmur3("headerColorross@faas.com", 0), 1595699981u);
}

TEST(Bucket, GivesThePublishedVectors) {
  struct Vector {
    std::string salt, subject;
    std::uint32_t hash, bucket;
  };
  for (const Vector& vector :
       std::vector<Vector>{{"m1", "user-1", 434218754, 10109},
                           {"m1", "user-2", 2949698891, 68678},
                           {"m1", "user-3", 2026330739, 47179},
                           {"routes.2026-11", "user-1", 897532235, 20897},
                           {"routes.2026-11", "alice@example.com", 506618763, 11795},
                           {"routes.2026-11", "10.0.0.7", 2524544582, 58779},
                           {"prices", "é", 3033679920, 70633},
                           {"prices", "", 1914064946, 44565}}) {
    EXPECT_EQ(Murmur3(vector.salt + ":" + vector.subject, 0), vector.hash) << vector.subject;
    EXPECT_EQ(Bucket(vector.salt, vector.subject), vector.bucket) << vector.subject;
  }
}

TEST(Bucket, IsTheSameFormulaForLongSubjects) {
  for (const std::size_t length : {250, 253, 254, 255, 256, 1000}) {
    const std::string subject(length, 'x');
    const std::uint64_t hash = Murmur3("m1:" + subject, 0);
    EXPECT_EQ(Bucket("m1", subject), hash * 100'000 >> 32) << length;
  }
}

TEST(Assign, OnlyAddsSubjectsWhileTheWeightRises) {
  EXPECT_TRUE(rc::check("canary at w implies canary at w' >= w", [](const std::string& salt) {
    const auto key = *rc::gen::nonEmpty<std::string>();
    const auto low = *rc::gen::inRange<std::uint32_t>(0, kWeightMax + 1);
    const auto high = *rc::gen::inRange<std::uint32_t>(low, kWeightMax + 1);
    const bool at_low = InCanary({.weight = low, .salt = salt}, key);
    RC_ASSERT(!at_low || InCanary({.weight = high, .salt = salt}, key));
    RC_ASSERT(at_low == (low > 0 && Bucket(salt, key) < low));
  }));
}

TEST(Assign, GivesTheCanaryItsShareUnderAnySalt) {
  EXPECT_TRUE(
      rc::check("share is within 5 standard deviations of the weight", [](const std::string& salt) {
        const double weight = *rc::gen::inRange(1, 20) * 0.05;
        const TrafficSplit split{.weight = static_cast<std::uint32_t>(weight * kWeightMax),
                                 .salt = salt};
        constexpr int kSubjects = 4'000;
        int canary = 0;
        for (int i = 0; i < kSubjects; ++i) canary += InCanary(split, "user-" + std::to_string(i));
        const double deviation = std::sqrt(kSubjects * weight * (1 - weight));
        RC_ASSERT(std::abs(canary - kSubjects * weight) < 5 * deviation);
      }));
}

TEST(Assign, DealsTwoSaltsIndependently) {
  int both = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = "user-" + std::to_string(i);
    both += InCanary({.weight = 10'000, .salt = "a"}, key) &&
            InCanary({.weight = 10'000, .salt = "b"}, key);
  }
  EXPECT_NEAR(both, 1'000, 160);
}

TEST(Assign, SplitsAtTheBucketExactly) {
  EXPECT_FALSE(InCanary({.weight = 10'109, .salt = "m1"}, "user-1"));  // its bucket is 10109
  EXPECT_TRUE(InCanary({.weight = 10'110, .salt = "m1"}, "user-1"));
  EXPECT_EQ(Assign({.weight = 10'110, .salt = "m1"}, {"user-1", {}}).reason, AssignReason::kSplit);
}

TEST(Assign, IsStaticAtBothEnds) {
  const TrafficSplit none{.weight = 0, .match = {{.subject = "*"}}};
  const TrafficSplit all{.weight = kWeightMax};
  for (const char* key : {"", "user-1"}) {
    EXPECT_EQ(Assign(none, {key, {}}).arm, Arm::kStable);
    EXPECT_EQ(Assign(none, {key, {}}).reason, AssignReason::kStatic);
    EXPECT_EQ(Assign(all, {key, {}}).arm, Arm::kCanary);
    EXPECT_EQ(Assign(all, {key, {}}).reason, AssignReason::kStatic);
  }
}

TEST(Assign, ServesStableWithoutASubjectWhateverMatches) {
  const Attributes attributes{{"team", "edge"}};
  const TrafficSplit split{
      .weight = 99'999, .salt = "prices", .match = {{.attribute = "team", .in = {"edge"}}}};
  const Assignment assignment = Assign(split, {"", attributes});
  EXPECT_EQ(assignment.arm, Arm::kStable);
  EXPECT_EQ(assignment.reason, AssignReason::kNoSubject);
}

TEST(Assign, PutsMatchedSubjectsIntoTheCanaryFromTheFirstWeightOn) {
  const Attributes edge{{"team", "edge"}, {"region", "eu"}};
  const Attributes core{{"team", "core"}};
  const TrafficSplit split{
      .weight = 1,
      .salt = "m1",
      .match = {{.subject = "qa-*"}, {.attribute = "team", .in = {"edge", "labs"}}}};
  EXPECT_EQ(Assign(split, {"qa-7", {}}).reason, AssignReason::kMatch);
  EXPECT_EQ(Assign(split, {"qa-7", {}}).arm, Arm::kCanary);
  EXPECT_EQ(Assign(split, {"user-1", edge}).reason, AssignReason::kMatch);
  EXPECT_EQ(Assign(split, {"user-1", core}).reason, AssignReason::kSplit);
  EXPECT_EQ(Assign(split, {"user-1", core}).arm, Arm::kStable);
}

TEST(Assign, GoesByInstanceWhenInstancesWereChosen) {
  TrafficSplit split{50'000, "m"};
  split.instances = {{"a", "c"}};
  split.match = {{.subject = "beta-*"}};
  const auto arm = [&](std::string_view instance) {
    return Assign(split, {.targeting_key = "user-1", .attributes = {}, .instance = instance});
  };
  EXPECT_EQ(arm("a").arm, Arm::kCanary);
  EXPECT_EQ(arm("a").reason, AssignReason::kSplit);
  EXPECT_EQ(arm("b").arm, Arm::kStable);
  EXPECT_EQ(arm("beta-7").reason, AssignReason::kMatch);
  EXPECT_EQ(arm("").arm, Arm::kStable);
  EXPECT_EQ(arm("").reason, AssignReason::kNoSubject);
  split.weight = kWeightMax;
  EXPECT_EQ(arm("").arm, Arm::kCanary);
}

TEST(Assign, BucketsByTheNamedAttribute) {
  const Attributes company{{"company", "user-1"}};
  const TrafficSplit split{.weight = 10'110, .salt = "m1", .bucket_by = "company"};
  EXPECT_EQ(Assign(split, {"user-2", company}).arm, Arm::kCanary);  // user-1's bucket, not user-2's
  EXPECT_EQ(Assign(split, {"user-2", {}}).reason, AssignReason::kNoSubject);
}

TEST(GlobMatch, MatchesRunsAndSingleBytes) {
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"*", ""},
                                                        {"**", "a/b"},
                                                        {"a*c", "abbc"},
                                                        {"a*c", "ac"},
                                                        {"*.eu", "x.y.eu"},
                                                        {"a?c", "abc"},
                                                        {"*ab*ab", "abxabab"},
                                                        {"qa-*", "qa-"}})
    EXPECT_TRUE(GlobMatch(pattern, text)) << pattern << " on " << text;
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"", "a"},
                                                        {"a", ""},
                                                        {"?", ""},
                                                        {"a*c", "abd"},
                                                        {"a?c", "ac"},
                                                        {"abc", "abcd"},
                                                        {"*ab", "aba"},
                                                        {"A", "a"}})
    EXPECT_FALSE(GlobMatch(pattern, text)) << pattern << " on " << text;
}

TEST(GlobMatch, StaysPolynomialOnManyStars) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatch(pattern + "b", std::string(5'000, 'a')));
}

bool MatchByDefinition(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return MatchByDefinition(pattern.substr(1), text) ||
           (!text.empty() && MatchByDefinition(pattern, text.substr(1)));
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         MatchByDefinition(pattern.substr(1), text.substr(1));
}

TEST(GlobMatch, AgreesWithItsDefinition) {
  EXPECT_TRUE(rc::check("GlobMatch == the recursive definition", [] {
    const auto pattern =
        *rc::gen::resize(8, rc::gen::container<std::string>(rc::gen::element('a', 'b', '*', '?')));
    const auto text =
        *rc::gen::resize(12, rc::gen::container<std::string>(rc::gen::element('a', 'b')));
    RC_ASSERT(GlobMatch(pattern, text) == MatchByDefinition(pattern, text));
  }));
}

TEST(Names, AreTheWordsOfTheApi) {
  EXPECT_EQ(ArmName(Arm::kStable), "stable");
  EXPECT_EQ(ArmName(Arm::kCanary), "canary");
  EXPECT_EQ(AssignReasonName(AssignReason::kStatic), "static");
  EXPECT_EQ(AssignReasonName(AssignReason::kSplit), "split");
  EXPECT_EQ(AssignReasonName(AssignReason::kMatch), "match");
  EXPECT_EQ(AssignReasonName(AssignReason::kNoSubject), "no-subject");
}

}  // namespace
}  // namespace portolan::mapcore
