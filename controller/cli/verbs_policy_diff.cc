#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <ostream>
#include <set>

#include "controller/cli/policy_input.h"
#include "controller/cli/stored_plans.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/git/local_tree.h"
#include "controller/zones/zone_directory.h"
#include "reconciler/policy/secrets.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::DesiredState;
using manifests::Value;
using reconciler::CompiledSet;
using reconciler::Outcome;
using reconciler::PolicyVerdict;
using reconciler::Printable;

constexpr std::size_t kReplayMax = 10'000;
constexpr std::size_t kHashDigits = 7;

// A policy that the two sets do not have alike.
struct Difference {
  std::string policy;
  std::string what;  // "added (hard)", "removed (soft)", "soft → hard", "changed"
};

// A plan of history on which the two sets disagree.
struct Flip {
  std::string commit;
  std::string map;
  std::string plan;  // its digest
  std::string policy;
  std::string before;  // outcome by the old set, "absent" without such a policy
  std::string after;
  std::string message;  // of the one that denies
};

struct Replayed {
  std::size_t plans = 0;
  std::vector<Flip> flips;
  std::vector<SkippedPlan> skipped;
};

// Which plans are judged.
enum class From {
  kHistory,  // what commits changed, without a daemon
  kPlans,    // what the daemon judged
};
constexpr std::string_view kFromNames[] = {"history", "plans"};

std::string LevelOf(const reconciler::CompiledPolicy& policy) {
  return std::string(
      manifests::kPolicyLevelNames[static_cast<std::size_t>(policy.manifest->level)]);
}

std::vector<Difference> Compare(const CompiledSet& before, const CompiledSet& after) {
  std::vector<Difference> differences;
  for (const auto& [name, policy] : after.policies)
    if (before.Find(name) == nullptr)
      differences.push_back({name, "added (" + LevelOf(*policy) + ")"});
  for (const auto& [name, policy] : before.policies) {
    const reconciler::CompiledPolicy* now = after.Find(name);
    if (now == nullptr)
      differences.push_back({name, "removed (" + LevelOf(*policy) + ")"});
    else if (LevelOf(*now) != LevelOf(*policy))
      differences.push_back({name, LevelOf(*policy) + " → " + LevelOf(*now)});
    else if (now->digest != policy->digest)
      differences.push_back({name, "changed"});
  }
  std::ranges::sort(differences, {}, &Difference::policy);
  return differences;
}

Result<std::shared_ptr<const CompiledSet>> SetAt(const TreeLocation& location) {
  PORTOLAN_TRY(const DesiredState state, LoadTree(location));
  auto compiled = reconciler::CompileSet(state.policies, SystemZones());
  if (compiled.set != nullptr) return compiled.set;
  return Error{ErrorCode::kInvalid, "the policies of " + location.revision + " cannot judge:\n" +
                                        manifests::FormatDiagnostics(compiled.diagnostics)};
}

// Whether it would have stopped the plan, or warned of it.
bool Denies(const PolicyVerdict* verdict) {
  return verdict != nullptr &&
         (verdict->outcome == Outcome::kDeny || verdict->outcome == Outcome::kError);
}

std::string OutcomeOf(const PolicyVerdict* verdict) {
  return verdict == nullptr ? "absent" : std::string(reconciler::OutcomeName(verdict->outcome));
}

class Replay {
 public:
  Replay(const CompiledSet& before, const CompiledSet& after, reconciler::TargetFacts target)
      : before_(before), after_(after), target_(std::move(target)) {}

  // Judges what a commit changed by both sets, at the commit's own time.
  void Judge(const DesiredState& base, const DesiredState& head) {
    reconciler::Plan plan =
        reconciler::MakePlan(VersionsOf(base), head, target_.name, MarksOf(base));
    reconciler::JudgeContext context;
    context.desired = &head;
    context.masked = reconciler::MarksBeyond(MarksOf(base), head);
    context.target = target_;
    context.actor.name = plan.revision.author;
    context.now = head.revision.time;
    for (reconciler::MapPlan& map : plan.maps) {
      reconciler::MarkSecrets(&before_, map);
      const auto live = base.maps.find(map.map);
      context.live = live == base.maps.end() ? nullptr : live->second->version.get();
      ++found_.plans;
      Add(head.revision.commit, reconciler::Judge(before_, map, context),
          reconciler::Judge(after_, map, context));
    }
  }

  // Judges a plan of the daemon's by both sets, in what it was judged in then.
  Status Judge(reconciler::MapPlan& plan, const PlanParts& parts) {
    reconciler::MarkSecrets(&before_, plan);
    PORTOLAN_TRY(const JudgedAgain before, JudgeAgain(before_, plan, parts));
    PORTOLAN_TRY(const JudgedAgain after, JudgeAgain(after_, plan, parts));
    ++found_.plans;
    Add(plan.revision.commit, before.made, after.made);
    return {};
  }

  Replayed Finish(std::vector<SkippedPlan> skipped = {}) {
    found_.skipped = std::move(skipped);
    return std::move(found_);
  }

 private:
  void Add(const std::string& commit, const reconciler::PolicyReport& before,
           const reconciler::PolicyReport& after) {
    std::set<std::string> names;
    for (const PolicyVerdict& verdict : before.verdicts) names.insert(verdict.policy);
    for (const PolicyVerdict& verdict : after.verdicts) names.insert(verdict.policy);
    for (const std::string& name : names) {
      const PolicyVerdict* was = before.Find(name);
      const PolicyVerdict* is = after.Find(name);
      if (Denies(was) == Denies(is)) continue;
      found_.flips.push_back({commit, before.map, before.plan.ToString(), name, OutcomeOf(was),
                              OutcomeOf(is), (Denies(is) ? is : was)->message});
    }
  }

  const CompiledSet& before_;
  const CompiledSet& after_;
  reconciler::TargetFacts target_;
  Replayed found_;
};

// Replays what the last `count` commits of the head's first parents changed, newest first.
Result<Replayed> ReplayHistory(const TreeLocation& head, std::size_t count, Replay replay) {
  PORTOLAN_TRY(const auto commits, ListLocalCommits(head.repository, head.revision, count + 1));
  std::optional<DesiredState> newer;
  for (const std::string& commit : commits) {
    auto state = LoadTree({head.repository, commit, head.path});
    // A commit before the folder was made ends the history of maps.
    if (!state.ok() && state.error().code == ErrorCode::kNotFound) break;
    if (!state.ok()) return state.error();
    if (newer) replay.Judge(*state, *newer);
    newer = *std::move(state);
  }
  return replay.Finish();
}

// Replays the newest plans that the daemon stored, newest first.
Result<Replayed> ReplayStored(VerbSession& session, std::size_t count, Replay replay) {
  PORTOLAN_TRY(auto skipped, ForStoredPlans(session, {count, session.call().Get("source")},
                                            [&](reconciler::MapPlan& plan, const PlanParts& parts) {
                                              return replay.Judge(plan, parts);
                                            }));
  return replay.Finish(std::move(skipped));
}

Value ToValue(const std::vector<Difference>& differences, const Replayed& replayed, From from) {
  Value::Array policies, flips, skipped;
  for (const SkippedPlan& plan : replayed.skipped)
    skipped.push_back(Value::Object{{"plan", plan.plan}, {"map", plan.map}, {"reason", plan.why}});
  for (const Difference& one : differences)
    policies.push_back(Value::Object{{"policy", one.policy}, {"difference", one.what}});
  for (const Flip& flip : replayed.flips)
    flips.push_back(Value::Object{{"commit", flip.commit},
                                  {"map", flip.map},
                                  {"plan", flip.plan},
                                  {"policy", flip.policy},
                                  {"before", flip.before},
                                  {"after", flip.after},
                                  {"message", flip.message}});
  return Value::Object{{"policies", std::move(policies)},
                       {"from", kFromNames[static_cast<std::size_t>(from)]},
                       {"plans", static_cast<std::int64_t>(replayed.plans)},
                       {"skipped", std::move(skipped)},
                       {"flips", std::move(flips)}};
}

void PrintText(VerbSession& session, const std::vector<Difference>& differences,
               const Replayed& replayed) {
  for (const Difference& one : differences)
    session.out() << Printable(one.policy) << "  " << one.what << '\n';
  if (replayed.flips.empty()) return;
  TextTable table({"COMMIT", "MAP", "POLICY", "BEFORE", "AFTER", "MESSAGE"});
  for (const Flip& flip : replayed.flips)
    table.Add({flip.commit.substr(0, kHashDigits), flip.map, flip.policy, flip.before, flip.after,
               Printable(flip.message)});
  session.Print(table);
}

std::optional<std::size_t> CountOf(const std::string& text) {
  std::size_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || count > kReplayMax)
    return std::nullopt;
  return count;
}

ExitCode FailDiff(const VerbSession& session, const Error& error) {
  if (error.code == ErrorCode::kInvalid) return session.Fail(error);
  return session.FailAs(ExitCode::kInputOutput, error, "OLD and NEW are revisions of --repo DIR");
}

// --from, and what is understood without it: who names a daemon means its plans.
Result<From> FromOf(const Invocation& call) {
  const std::string text = call.Get("from", call.Has("server") ? "plans" : "history");
  const auto name = std::ranges::find(kFromNames, text);
  if (name == std::end(kFromNames))
    return Error{ErrorCode::kInvalid, "--from takes history or plans, found \"" + text + "\""};
  const From from = name == std::begin(kFromNames) ? From::kHistory : From::kPlans;
  for (const char* flag : {"head", "environment", "tier"})
    if (from == From::kPlans && call.Has(flag))
      return Error{ErrorCode::kInvalid, "--" + std::string(flag) +
                                            " is for --from history: a stored plan is judged in "
                                            "the environment that it was judged in"};
  if (from == From::kHistory && call.Has("source"))
    return Error{ErrorCode::kInvalid, "--source is for --from plans"};
  return from;
}

void SayReplayed(const VerbSession& session, const Replayed& replayed, From from) {
  const auto denied = std::ranges::count_if(replayed.flips, [](const Flip& flip) {
    return flip.after == "deny" || flip.after == "error";
  });
  session.Progress(std::to_string(replayed.plans) + " plans " +
                   (from == From::kPlans ? "of the daemon's " : "of git's history ") +
                   "replayed: " + std::to_string(denied) + " newly denied, " +
                   std::to_string(static_cast<std::int64_t>(replayed.flips.size()) - denied) +
                   " no longer");
  if (!replayed.skipped.empty())
    session.Progress(std::to_string(replayed.skipped.size()) +
                     " plans cannot be made anew and were left out; the newest: " +
                     replayed.skipped.front().map + ": " + replayed.skipped.front().why);
}

ExitCode RunPolicyDiff(VerbSession& session) {
  const Invocation& call = session.call();
  const auto count = CountOf(call.Get("replay", "0"));
  if (!count)
    return session.FailUsage("--replay takes a number of plans or commits, at most " +
                             std::to_string(kReplayMax) + ", found \"" + call.Get("replay") + "\"");
  const auto from = FromOf(call);
  if (!from.ok()) return session.FailUsage(from.error().message);
  const std::string repository = call.Get("repo", ".");
  const std::string path = call.Get("path");
  const auto before = SetAt({repository, call.At(0), path});
  if (!before.ok()) return FailDiff(session, before.error());
  const auto after = SetAt({repository, call.At(1), path});
  if (!after.ok()) return FailDiff(session, after.error());
  const auto differences = Compare(**before, **after);
  Result<Replayed> replayed = Replayed{};
  Replay replay(**before, **after, {call.Get("environment", "default"), call.Get("tier"), {}});
  if (*count > 0 && *from == From::kPlans) {
    replayed = ReplayStored(session, *count, std::move(replay));
    if (!replayed.ok()) return session.Fail(replayed.error());
  } else if (*count > 0) {
    replayed =
        ReplayHistory({repository, call.Get("head", "HEAD"), path}, *count, std::move(replay));
    if (!replayed.ok()) return FailDiff(session, replayed.error());
  }
  if (session.json())
    session.PrintValue(ToValue(differences, *replayed, *from));
  else
    PrintText(session, differences, *replayed);
  if (*count > 0) SayReplayed(session, *replayed, *from);
  return differences.empty() && replayed->flips.empty() ? ExitCode::kOk : ExitCode::kDifference;
}

}  // namespace

std::vector<VerbSpec> PolicyDiffVerbs() {
  return {{"policy diff",
           "how the policies of two revisions differ, and on which plans of the past",
           {"OLD", "NEW"},
           {{"replay", 0, "N", "judge the last N plans or commits by both"},
            {"from", 0, "WHAT",
             "plans: those that the daemon stored (default with --server); "
             "history: what commits of --repo changed (default without)"},
            {"source", 0, "NAME", "only plans of this source of the daemon's"},
            {"repo", 0, "DIR", "the git repository (default: .)"},
            {"head", 0, "REV", "whose history is replayed (default: HEAD)"},
            {"path", 0, "PATH", "of the manifests in the repository"},
            {"environment", 0, "NAME", "of the target, as policies see it"},
            {"tier", 0, "TIER", "of the target, as policies see it"}},
           {"policy diff main policies/stricter --replay 500 --from plans",
            "policy diff main policies/stricter --replay 200 --from history --tier prod"},
           RunPolicyDiff}};
}

}  // namespace portolan::controller
