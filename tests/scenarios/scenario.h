#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/rollout/step.h"

namespace portolan::reconciler {

// Plays a scenario of one map against Step with a driven clock: text in, text out. Commands, one a
// line:
//
//   strategy steps=5%:10s,20%:10s,100% bake=30s minLookups=50 onNoData=hold deadline=10m
//            pauseAfter=1 onNewRevision=queue metric=NAME require=safe earlyAdvance holdback=5%
//            converge=0 split=instance match=GLOB window=VERSIONS:AGE
//            shadow=SOAK  a dual run first, with shadowShare=5% tolerance=1e-5 maxOutputs=RATIO
//            maxLookups=RATIO shadowRequire=outputs
//   compare lookups=1000 [differing=30] [lost=1] [key=K]    what sampled lookups found
//   compare outputs=40 [bad=2] [failed=1] [key=K] [distance=0.1] [sticky=NAME] [batch=1]
//            [instance=NAME]                                what clients computed on both versions
//   rule GLOB NAME       rollout.rules: changes of these keys alone take the built-in strategy
//   commit KEY=VALUE …   git now wants exactly these entries (held while a guard objects: approve)
//   group MAP MAP …      from here on all is of the group "edge" of these maps (the first line),
//   and
//                        commit MAP:KEY=VALUE … wants these entries of the maps named; report and
//                        ack take map=MAP, override too
//   remove               git no longer declares the map
//   replan               what the source does when a transition asks for it (also done by itself)
//   advance 10s          time passes in steps of at most 1 s; with `reports` both arms report each,
//                        with `lookups` and `outputs` ten comparisons agree in each step of a dual
//                        run, and steps are of `each=10s`,
//                        with `alive` all instances renew their leases each step, but those of
//                        except=a,b
//   report canary subjects=40 lookups=100 bad=30 [kind=errors] [sticky=NAME] [batch=1] [step=1]
//   ack a,b applied canary [lease=30s] [reason=TEXT]   instances; also rejected, crashed, stable
//                        `chosen` stands for the instances of the canary
//   freeze 8h            a freeze window is on for so long from now
//   jump 23h             time passes at once, with one Step after it
//   arm a b              who of them is in the canary
//   alive a,b            they renew their leases; goodbye a,b: they leave
//   instances            what is known of them
//   evidence             what the metrics say of the present step
//   VERB [full] [to=X] [request=ID] [for=1h] [key=K] [value=JSON] [reason=WORD]
//   VERB [full] [to=X] [request=ID]
//   races                what each pair of verbs that come at the same time leads to from here
//   restart              the state goes through its record, monotonic time starts anew
//
// Each command prints the events that it led to, then the state if it changed.
class Scenario {
 public:
  // The output of one block of commands.
  std::string Play(const std::string& commands);

 private:
  using Arguments = std::map<std::string, std::string>;

  void Run(const std::string& line);
  void SetStrategy(const Arguments& arguments);
  void Commit(const std::string& entries);
  void Advance(Duration duration, const Arguments& how);
  void ReportOnce(const std::string& arm, const Arguments& arguments);
  void Compare(const Arguments& arguments);
  void Acknowledge(const std::string& line);
  void RenewLeases(const Arguments& arguments);
  void PrintInstances();
  void PrintArms(const Arguments& names);
  void PrintRaces();
  std::string Race(Verb first, Verb second) const;
  void RunVerb(Verb verb, const std::string& line, const Arguments& arguments);
  void Restart();
  void Observe(Observation seen);
  void Settle(Transition transition);
  void MakeGroup(const Arguments& maps);
  void CommitGroup(const std::string& entries);
  // The map that a report or an acknowledgement is of.
  std::string MemberOfLine(const Arguments& arguments) const;
  std::string GroupState() const;
  Target TargetOfWish() const;
  Target TargetOfGroup() const;
  Target TargetOf(const Rollout& rollout, const mapcore::VersionPtr& wish) const;
  void PrintState();
  void PrintEvidence();

  Rollout rollout_;
  manifests::Strategy strategy_ = manifests::DefaultStrategy();
  manifests::SplitMode split_ = manifests::SplitMode::kSubject;
  std::vector<manifests::RolloutRule> rules_;
  Now now_{WallTime(std::chrono::hours(490'000)), Duration(0)};
  std::map<Digest, mapcore::VersionPtr> versions_;
  mapcore::VersionPtr wish_;
  std::map<std::string, mapcore::VersionPtr> group_wish_;  // by map
  int commits_ = 0;
  std::uint64_t batch_ = 0;
  std::uint64_t subject_ = 0;
  bool replan_ = false;
  WallTime frozen_until_{};
  std::string last_state_;
  std::string out_;
};

}  // namespace portolan::reconciler
