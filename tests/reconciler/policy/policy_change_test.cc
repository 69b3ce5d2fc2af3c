#include "reconciler/policy/policy_change.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/policy_fixture.h"

namespace portolan::reconciler {
namespace {

std::shared_ptr<const CompiledSet> SetOf(const std::map<std::string, std::string>& policies) {
  std::map<std::string, std::string> files;
  for (const auto& [name, spec] : policies)
    files[name + ".yaml"] = manifests::Manifest("Policy", name, spec);
  manifests::MemorySource source(files);
  auto compiled = CompileSet(manifests::Loader().Load(source.Get()).value().policies, nullptr);
  EXPECT_NE(compiled.set, nullptr) << manifests::FormatDiagnostics(compiled.diagnostics);
  return compiled.set;
}

std::shared_ptr<const CompiledSet> One(const std::string& more,
                                       const std::string& rule = "plan.adds < 5") {
  return SetOf({{"few", "  {scope: plan, rule: " + rule + ", " + more + "}\n"}});
}

// "+" for what loosens, "-" for the rest.
std::string Compare(const CompiledSet& before, const CompiledSet& after) {
  std::string text;
  for (const PolicyDifference& difference : ComparePolicies(before, after).differences)
    text += (difference.loosens ? "+ " : "- ") + difference.what + "\n";
  return text;
}

TEST(PolicyChange, KnowsLevelsFromEachOther) {
  EXPECT_EQ(Compare(*One("level: hard"), *One("level: soft")),
            "+ policy few: level hard -> soft\n+ policy few: may be waived\n");
  EXPECT_EQ(Compare(*One("level: advisory"), *One("level: soft")),
            "- policy few: level advisory -> soft\n");
  EXPECT_EQ(Compare(*One("level: soft"), *One("level: soft")), "");
}

TEST(PolicyChange, ARemovedPolicyLoosensAndANewOneDoesNot) {
  const auto without = SetOf({});
  EXPECT_EQ(Compare(*One("level: soft"), *without), "+ policy few: removed\n");
  EXPECT_EQ(Compare(*without, *One("level: soft")), "- policy few: new, soft\n");
}

TEST(PolicyChange, APolicyInThePlaceOfTheFloorsLoosens) {
  const auto replaced =
      SetOf({{"mass-delete-guard", "  {scope: plan, level: hard, rule: \"true\"}\n"}});
  EXPECT_EQ(Compare(*SetOf({}), *replaced),
            "+ policy mass-delete-guard: new, hard, in the place of the built-in one\n");
  EXPECT_TRUE(ComparePolicies(*replaced, *SetOf({})).loosens());
}

TEST(PolicyChange, AnotherTextOfARuleCountsAsLoosening) {
  EXPECT_EQ(Compare(*One("level: soft"), *One("level: soft", "plan.adds < 4")),
            "+ policy few: another rule, scope or parameter\n");
}

TEST(PolicyChange, AMatchThatCoversMoreTightens) {
  const auto some = One("level: soft, match: {maps: [\"a-*\"]}");
  const auto more = One("level: soft, match: {maps: [\"a-*\", b]}");
  const auto all = One("level: soft");
  EXPECT_EQ(Compare(*some, *more), "- policy few: its match covers more\n");
  EXPECT_EQ(Compare(*more, *all), "- policy few: its match covers more\n");
  EXPECT_EQ(Compare(*more, *some), "+ policy few: its match covers less, or something else\n");
  EXPECT_EQ(Compare(*all, *some), "+ policy few: its match covers less, or something else\n");
}

TEST(PolicyChange, FewerGroupsThatMayApproveDespiteItTighten) {
  const auto both = One("level: soft, overrideGroups: [sre, dev]");
  const auto sre = One("level: soft, overrideGroups: [sre]");
  const auto any = One("level: soft");
  EXPECT_FALSE(ComparePolicies(*both, *sre).loosens());
  EXPECT_FALSE(ComparePolicies(*any, *sre).loosens());
  EXPECT_TRUE(ComparePolicies(*sre, *both).loosens());
  EXPECT_TRUE(ComparePolicies(*sre, *any).loosens());
}

TEST(PolicyChange, AWaiverLoosensAndItsEndDoesNot) {
  CompiledSet with, without, shorter, longer;
  manifests::Waiver waiver;
  waiver.name = "w";
  waiver.policy = "few";
  waiver.until = WallTime(std::chrono::hours(10));
  const auto put = [&](CompiledSet& set, Duration by) {
    manifests::Waiver moved = waiver;
    moved.until += by;
    set.waivers["w"] = std::make_shared<const manifests::Waiver>(moved);
  };
  put(with, Duration(0));
  put(shorter, -std::chrono::hours(1));
  put(longer, std::chrono::hours(1));
  EXPECT_TRUE(ComparePolicies(without, with).loosens());
  EXPECT_EQ(Compare(with, without), "- waiver w: removed\n");
  EXPECT_EQ(Compare(with, shorter), "- waiver w: ends earlier\n");
  EXPECT_EQ(Compare(with, longer), "+ waiver w: changed\n");
}

}  // namespace
}  // namespace portolan::reconciler
