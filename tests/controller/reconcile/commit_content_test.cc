#include "controller/reconcile/commit_content.h"

#include <gtest/gtest.h>

#include "manifests/loader.h"
#include "tests/controller/reconcile/scripted_git.h"

namespace portolan::controller {
namespace {

CommitContent Of(FileTexts files) {
  ScriptedGit git;
  git.Push('a', std::move(files));
  return ContentOf(manifests::Loader().Load(git.Open(ScriptedGit::Name('a')).value()).value());
}

std::string Policy(const std::string& rest = "") {
  return "apiVersion: portolan/v1\nkind: Policy\nmetadata: {name: few, owner: sre}\nspec: "
         "{scope: plan, level: soft, rule: \"true\"" +
         rest + "}\n";
}

CommitStep Step(char commit, const std::string& maps, const std::string& policies,
                const std::string& author) {
  return {ScriptedGit::Name(commit),
          {{author}, {author + "'s key"}},
          {Sha256Of(maps), Sha256Of(policies)}};
}
const CommitContent kBase{Sha256Of("m0"), Sha256Of("p0")};

TEST(CommitContent, TellsMapsFromPoliciesByWhatTheyAreNotByTheirPath) {
  const FileTexts maps = MapsOf({{"limits", "{a: 1}"}});
  FileTexts with = maps, moved = maps, twin = maps;
  with["policies/few.yaml"] = Policy();
  moved["maps/few.yaml"] = Policy();
  twin["Policies/few.yaml"] = Policy();
  EXPECT_EQ(Of(with).maps, Of(maps).maps);
  EXPECT_NE(Of(with).policies, Of(maps).policies);
  EXPECT_EQ(Of(moved), Of(with));
  EXPECT_EQ(Of(twin), Of(with));
}

TEST(CommitContent, CoversTestsOfPoliciesAndStrategiesOfMaps) {
  FileTexts files = MapsOf({{"limits", "{a: 1}"}});
  files["few.yaml"] = Policy();
  FileTexts tested = files, slower = files;
  tested["few.yaml"] = Policy(", tests: [{expect: allow}]");
  slower["strategies/quick.yaml"] += "  progressDeadline: 2h\n";
  EXPECT_NE(Of(tested).policies, Of(files).policies);
  EXPECT_EQ(Of(tested).maps, Of(files).maps);
  EXPECT_NE(Of(slower).maps, Of(files).maps);
  EXPECT_EQ(Of(slower).policies, Of(files).policies);
}

TEST(CommitContent, NamesTheCommitOnTheWayThatIsMixed) {
  const auto mixed = PolicyWriters(
      kBase,
      {Step('b', "m0", "p1", "ann"), Step('c', "m1", "p2", "bob"), Step('d', "m1", "p2", "cid")});
  ASSERT_FALSE(mixed.ok());
  EXPECT_TRUE(mixed.error().message.starts_with("MixedCommit: commit ccccccc"))
      << mixed.error().message;
}

TEST(CommitContent, NamesEverybodyWhoChangedPoliciesOnce) {
  const auto writers =
      PolicyWriters(kBase, {Step('b', "m0", "p1", "ann"), Step('c', "m1", "p1", "bob"),
                            Step('d', "m1", "p2", "cid"), Step('e', "m1", "p3", "ann")});
  EXPECT_EQ(writers.value(), (reconciler::Writers{{"ann", "cid"}, {"ann's key", "cid's key"}}));
}

TEST(CommitContent, NamesWhoChangedAddedOrRemovedEachMap) {
  const auto step = [](char commit, const std::string& author,
                       std::map<std::string, std::string> maps) {
    CommitStep made = Step(commit, author, "p0", author);
    for (const auto& [name, text] : maps) made.content.by_map[name] = Sha256Of(text);
    return made;
  };
  CommitContent base = kBase;
  base.by_map = {{"limits", Sha256Of("1")}, {"routes", Sha256Of("1")}};
  const auto writers =
      MapWriters(base, {step('b', "ann", {{"limits", "2"}, {"routes", "1"}}),
                        step('c', "bob", {{"limits", "2"}, {"routes", "1"}, {"flags", "1"}}),
                        step('d', "cid", {{"limits", "3"}, {"flags", "1"}})});
  ASSERT_EQ(writers.size(), 3u);
  EXPECT_EQ(writers.at("limits").authors, (std::vector<std::string>{"ann", "cid"}));
  EXPECT_EQ(writers.at("flags").authors, std::vector<std::string>{"bob"});
  EXPECT_EQ(writers.at("routes").authors, std::vector<std::string>{"cid"});
}

TEST(CommitContent, WhatIsTakenBackIsNoChange) {
  EXPECT_TRUE(PolicyWriters(kBase, {Step('b', "m1", "p1", "eve"), Step('c', "m1", "p0", "eve")})
                  .value()
                  .empty());
  EXPECT_TRUE(PolicyWriters(kBase, {}).value().empty());
}

}  // namespace
}  // namespace portolan::controller
