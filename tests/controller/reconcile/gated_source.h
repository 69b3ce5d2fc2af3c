#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "controller/reconcile/approvals.h"
#include "tests/controller/reconcile/scripted_git.h"
#include "tests/source_tree.h"

namespace portolan::controller {

// Ana writes the commits; bob and cid may approve.
inline std::vector<KnownIdentity> Staff(std::vector<std::string> groups_of_bob = {"sre"}) {
  return {{"token:ana", {"ana@example.com"}, {"sre"}, {}},
          {"token:bob", {"bob@example.com"}, std::move(groups_of_bob), {}},
          {"token:cid", {"cid@example.com"}, {"policy-owners"}, {}}};
}

inline SourceSettings SettingsFor(std::vector<KnownIdentity> staff, const std::string& tier) {
  SourceSettings settings = SettingsOf("edge");
  settings.environment.tier = tier;
  settings.people = std::make_shared<const People>(std::move(staff));
  return settings;
}

// A source whose plans are judged, among people who are told apart.
class GatedSourceTest : public testing::Test {
 protected:
  explicit GatedSourceTest(const std::string& tier = "prod")
      : edge(world, SettingsFor(Staff(), tier)) {}

  static std::string Example(const std::string& name) {
    std::ifstream file(SourceTree() / "examples/policies" / (name + ".yaml"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // The map "limits" with these entries beside the policies, by file.
  static FileTexts With(FileTexts policies, const std::string& entries) {
    FileTexts files = MapsOf({{"limits", entries}});
    files.merge(policies);
    return files;
  }
  void Settle(const FileTexts& files) {
    edge.Push('a', files);
    world.Pass(std::chrono::minutes(2));
    ASSERT_EQ(world.Phase("limits"), "Healthy") << edge.source.status().message;
  }
  std::shared_ptr<const reconciler::Rollout> Limits() const {
    return world.rollouts.Find("limits");
  }
  // As the API does it: who may not is refused there.
  Result<VerbAnswer> Approve(const std::string& actor, const std::string& despite = "") {
    const auto rollout = Limits();
    PORTOLAN_CHECK(
        CheckApprover(*people, actor, WritersOf(*rollout->target), world.clock.now().wall));
    reconciler::Command command;
    command.verb = reconciler::Verb::kApprove;
    command.actor = actor;
    command.despite = despite;
    command.reason = "reviewed";
    command.plan = rollout->target->plan;
    auto answer = world.Do("limits", command);
    Judged();
    return answer;
  }
  // The change of policies that waits, as a person types it; kConflict when none does.
  Result<SourceStatus> ApprovePolicies(const std::string& actor) {
    const auto plan = edge.source.status().policy_plan;
    auto done = edge.source.ApprovePolicies({plan ? plan->id : Digest(), actor, "reviewed"});
    edge.Look();
    return done.get();
  }
  // The source judges what waits once more, as the daemon lets it after an approval.
  void Judged() {
    edge.source.Rejudge("limits");
    edge.Look();
  }
  bool Said(const std::string& reason) const {
    return std::ranges::any_of(edge.events,
                               [&](const auto& event) { return event.reason == reason; });
  }

  MemoryStore disk;
  World world{disk, [this](const reconciler::Rollout& rollout) {
                return edge.source.JudgeRaise(rollout, world.clock.now().wall);
              }};
  std::shared_ptr<const People> people = std::make_shared<const People>(Staff());
  FollowedSource edge;
};

}  // namespace portolan::controller
