#include "controller/reconcile/source_reconciler.h"

#include <algorithm>

#include "controller/reconcile/source_event.h"
#include "manifests/short_commit.h"
#include "reconciler/diff.h"
#include "reconciler/plan_json.h"
#include "reconciler/quarantine.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/marks.h"
#include "reconciler/rollout/record.h"

namespace portolan::controller {
namespace {

using manifests::ShortCommit;
using manifests::Value;
using reconciler::BranchMove;
using reconciler::Rollout;

constexpr Duration kRetryFirst = std::chrono::milliseconds(750);
constexpr Duration kRetryMax = std::chrono::minutes(5);

reconciler::MapPlan Abridged(reconciler::MapPlan plan) {
  if (plan.changes.changes.size() > reconciler::kPlanChangesKept)
    plan.changes.changes.resize(reconciler::kPlanChangesKept);
  return plan;
}

}  // namespace

SourceReconciler::SourceReconciler(SourceSettings settings, Ports ports, std::uint64_t jitter_seed)
    : settings_(std::move(settings)),
      ports_(std::move(ports)),
      jitter_(jitter_seed),
      gate_(settings_.environment, ports_.validators) {
  status_.name = settings_.name;
  status_.url = settings_.url;
  status_.branch = settings_.branch;
  status_.path = settings_.path;
  status_.verifies = settings_.verifies;
}

bool SourceReconciler::Restore(const Now& now) {
  now_ = now.wall;
  // Else what is in flight would be held until the policies are there.
  if (bound() && !ports_.binding->restored()) return false;
  const bool restored = RestoreRecord();
  if (settings_.policies_only) PublishBinding();
  return restored;
}

bool SourceReconciler::RestoreRecord() {
  const auto record = ports_.store.Get("source/" + settings_.name);
  if (!record.ok() && record.error().code == ErrorCode::kNotFound) return true;
  const auto value = record.ok() ? manifests::ParseJson(record->body) : record.error();
  if (!value.ok()) {
    Fail({value.error().code,
          "StateUnreadable: what was followed before cannot be read, nothing "
          "is followed until it can: " +
              value.error().message},
         false);
    return false;
  }
  {
    const std::scoped_lock lock(mutex_);
    RestoreSource(*value, status_);
  }
  const std::string followed = status().followed;
  RestoreSigners();
  RestorePolicies();
  RestoreAccepted();
  if (followed.empty() || !Load(followed, status().signers)) return true;
  Settle("Restored", "following " + ShortCommit(followed) + " from the local mirror", true, false);
  Plan();
  return true;
}

Duration SourceReconciler::Look(const Now& now) {
  now_ = now.wall;
  bool fetch = now.mono >= next_look_;
  std::set<std::string> replan;
  std::vector<std::promise<SourceStatus>> syncs, rejudged;
  std::optional<std::string> accepted;
  decltype(policy_requests_) policy_requests;
  decltype(file_reads_) file_reads;
  {
    const std::scoped_lock lock(mutex_);
    fetch = std::exchange(dirty_, false) || fetch || accepted_ || !syncs_.empty();
    accepted = std::exchange(accepted_, std::nullopt);
    replan = std::exchange(replan_, {});
    syncs = std::exchange(syncs_, {});
    rejudged = std::exchange(rejudged_, {});
    policy_requests = std::exchange(policy_requests_, {});
    file_reads = std::exchange(file_reads_, {});
  }
  if (fetch) {
    Fetch(now, accepted);
    const Duration spread(static_cast<std::int64_t>(
        jitter_.Below(static_cast<std::uint64_t>(settings_.poll.count() / 5 + 1))));
    next_look_ = now.mono + settings_.poll - settings_.poll / 10 + spread;
    if (failures_ > 0) {
      const Duration backoff =
          std::min(kRetryMax, kRetryFirst * (1 << std::min(failures_ - 1, 12)));
      next_look_ = now.mono + std::min(backoff, std::max(settings_.poll, kRetryFirst));
    }
  }
  if (settings_.policies_only) NotePoliciesAge();
  for (const std::string& map : replan) wished_.erase(map);
  const bool judged_otherwise = bound() && TakeBinding();
  if (judged_otherwise) wished_.clear();
  if (!replan.empty() || judged_otherwise) Plan();
  if (fetch && replan.empty()) JudgeAnew();
  if (now.mono >= next_audit_) {
    Audit();
    next_audit_ = now.mono + settings_.audit;
  }
  for (PolicyRequest& request : policy_requests) request();
  for (FileRead& asked : file_reads) asked.done.set_value(FilesOf(asked));
  const std::optional<Duration> policies_due = AwaitPolicies();
  for (auto& sync : syncs) sync.set_value(status());
  for (auto& done : rejudged) done.set_value(status());
  const Duration wait = std::max(std::min(next_look_, next_audit_) - now.mono, Duration(0));
  return policies_due ? std::min(wait, *policies_due) : wait;
}

void SourceReconciler::Fetch(const Now& now, const std::optional<std::string>& accepted) {
  const std::string followed = status().followed;
  const auto found = ports_.git.Fetch(followed);
  if (!found.ok()) {
    ++failures_;
    return Fail(found.error(), false);
  }
  failures_ = 0;
  {
    const std::scoped_lock lock(mutex_);
    status_.last_fetch = now.wall;
    status_.observed = found->commit;
    status_.last_error.clear();
  }
  const bool moved = found->move == BranchMove::kRewritten || found->move == BranchMove::kUnrelated;
  if (found->move == BranchMove::kGone)
    return Fail({ErrorCode::kNotFound, "SourceGone: branch \"" + settings_.branch +
                                           "\" was deleted; what is served stays"},
                true);
  if (moved && accepted != found->commit &&
      !(settings_.accept_rewrites && found->move == BranchMove::kRewritten)) {
    {
      const std::scoped_lock lock(mutex_);
      status_.pending = found->commit;
    }
    const std::string_view what =
        found->move == BranchMove::kRewritten ? "HistoryRewritten" : "UnrelatedHistory";
    Fail({ErrorCode::kConflict,
          std::string(what) + ": the branch no longer contains " + ShortCommit(followed) +
              "; to follow it: portolan source accept " + settings_.name + " " + found->commit},
         true);
    (void)Keep();
    return;
  }
  if (found->tree.empty())
    return Fail({ErrorCode::kNotFound, "InvalidPath: no \"" + settings_.path + "\" in commit " +
                                           ShortCommit(found->commit) + "; what is served stays"},
                true);
  Follow(*found, accepted == found->commit);
}

void SourceReconciler::Follow(const reconciler::FetchResult& found, bool accepted) {
  const std::string& commit = found.commit;
  const bool same_content = desired_ && found.tree == tree_;
  if (same_content && commit == status().followed) {
    return Resume();
  }
  // A history that was rewritten has no verified beginning: an operator's word takes its place.
  const bool forward = found.move == BranchMove::kFastForward && !accepted;
  auto signers = ports_.git.Signers(forward ? status().followed : "", commit);
  if (!signers.ok()) return RefuseUnverified(commit, signers.error());
  if (!Load(commit, *signers)) return;
  tree_ = found.tree;
  if (const Status pinned = ports_.git.Pin(commit); !pinned.ok()) {
    const std::scoped_lock lock(mutex_);
    status_.last_error = pinned.error().message;
  }
  {
    const std::scoped_lock lock(mutex_);
    status_.followed = commit;
    status_.pending.clear();
    status_.revision = desired_->revision.ToString();
    status_.signers = *std::move(signers);
    status_.unverified.reset();
  }
  (void)Keep();
  Plan();
}

// The branch is where it was: takes up again what an earlier look could not finish, or held back.
void SourceReconciler::Resume() {
  const SourceStatus before = status();
  {
    const std::scoped_lock lock(mutex_);
    status_.pending.clear();
    status_.unverified.reset();
  }
  if (!before.pending.empty()) (void)Keep();
  if (!before.ready) Plan();
}

// Reads the commit's desired state. False, with the status saying why, when nothing can be
// concluded from it.
bool SourceReconciler::Load(const std::string& commit, const std::vector<std::string>& signers) {
  const auto artifact = ports_.git.Open(commit);
  if (!artifact.ok()) {
    Fail(artifact.error(), artifact.error().code != ErrorCode::kUnavailable);
    return false;
  }
  auto desired = loader_.Load(*artifact);
  if (!desired.ok()) {
    Fail(desired.error(), false);
    return false;
  }
  desired_ = std::move(desired).value();
  TakePolicies(signers);
  return true;
}

reconciler::StableVersions SourceReconciler::StableOf(const Rollouts& all) {
  reconciler::StableVersions stable;
  for (const auto& rollout : all) {
    if (rollout->source != settings_.name || rollout->phase == reconciler::Phase::kPending)
      continue;
    mapcore::VersionPtr version;
    if (rollout->stable) {
      auto loaded = ports_.versions.Get(rollout->stable->digest);
      if (!loaded.ok()) {
        const std::scoped_lock lock(mutex_);
        status_.last_error =
            "map \"" + rollout->map +
            "\" is not planned, its stable version cannot be read: " + loaded.error().message;
        continue;
      }
      version = std::move(loaded).value();
    }
    stable[rollout->map] = std::move(version);
  }
  return stable;
}

// A map belongs to one source: a second one that declares it is refused, naming both.
void SourceReconciler::RefuseForeignMaps(const Rollouts& all) {
  for (const auto& rollout : all) {
    if (rollout->source == settings_.name || rollout->phase == reconciler::Phase::kPending)
      continue;
    const auto declared = desired_->maps.find(rollout->map);
    if (declared == desired_->maps.end()) continue;
    manifests::Diagnostic diagnostic;
    diagnostic.file = declared->second->file;
    diagnostic.position = declared->second->position;
    diagnostic.field = "metadata.name";
    diagnostic.message =
        "map \"" + rollout->map + "\" belongs to source \"" + rollout->source + "\" already";
    diagnostic.hint = "choose another name, or remove it there and prune it";
    Reject(*desired_, rollout->map, {std::move(diagnostic)});
  }
}

// The same of groups.
void SourceReconciler::RefuseForeignGroups() {
  for (const auto& rollout : ports_.rollouts.Groups()) {
    const std::string name = rollout->map.substr(reconciler::GroupName("").size());
    const auto declared = desired_->groups.find(name);
    if (rollout->source == settings_.name || declared == desired_->groups.end()) continue;
    manifests::Diagnostic diagnostic;
    diagnostic.file = declared->second.file;
    diagnostic.position = declared->second.position;
    diagnostic.field = "metadata.name";
    diagnostic.message =
        "RolloutGroup \"" + name + "\" belongs to source \"" + rollout->source + "\" already";
    diagnostic.hint = "choose another name, or remove it there";
    Reject(*desired_, *declared->second.maps.begin(), {std::move(diagnostic)});
  }
}

void SourceReconciler::MatchQuarantines(const Rollout& rollout, reconciler::Target& target,
                                        const mapcore::MapVersion& version) {
  for (const reconciler::Quarantine& quarantine : rollout.quarantine) {
    if (quarantine.digest == target.version.digest) {
      target.quarantine = reconciler::QuarantineHold::kAll;
      target.quarantined_keys.clear();
      return;
    }
    if (!quarantine.base) continue;
    const auto bad = ports_.versions.Get(quarantine.digest);
    const auto base = ports_.versions.Get(*quarantine.base);
    if (!bad.ok() || !base.ok()) continue;
    const auto match = MatchQuarantine(reconciler::MakeChangeSet(base->get(), **bad), version);
    if (match.hold <= target.quarantine) continue;
    target.quarantine = match.hold;
    target.quarantined_keys = match.keys;
    if (target.quarantined_keys.size() > 20) target.quarantined_keys.resize(20);
  }
}

reconciler::Target SourceReconciler::TargetOf(const manifests::DesiredMap& desired,
                                              const reconciler::MapPlan& plan,
                                              const Rollout* rollout) {
  reconciler::Target target;
  target.version.digest = desired.version->digest();
  target.version.revision = desired_->revision;
  target.version.size = static_cast<std::int64_t>(desired.version->size());
  target.version.sensitive = desired.sensitive;
  target.base = plan.base;
  target.plan = plan.id;
  target.strategy = plan.strategy;
  target.split = {desired.salt, desired.bucket_by, desired.split};
  target.heal = desired.heal;
  target.changed_keys = static_cast<std::int64_t>(plan.changes.changes.size());
  if (rollout != nullptr) MatchQuarantines(*rollout, target, *desired.version);
  return target;
}

// A reason for which the commit as a whole is not taken up.
std::optional<Error> SourceReconciler::WholeRefused(
    const reconciler::StableVersions& served) const {
  if (policies_refused_) return policies_refused_;
  const std::string commit = ShortCommit(desired_->revision.commit);
  const bool empty = desired_->maps.empty() && desired_->rejected.empty() && !desired_->incomplete;
  if (empty && !served.empty())
    return Error{ErrorCode::kInvalid,
                 "EmptySource: commit " + commit + " declares no map; the " +
                     std::to_string(served.size()) +
                     " served stay. Commit them again, or remove maps one by one"};
  if (settings_.atomic && !desired_->rejected.empty())
    return Error{ErrorCode::kInvalid, "InvalidManifests: atomic source: nothing of " + commit +
                                          " is taken while a map of it is rejected"};
  return std::nullopt;
}

// Whether a map is asked for is worked out first: of a group all maps are asked for, or none.
Status SourceReconciler::CollectTargets(const reconciler::Plan& plan, const Served& served,
                                        SourceWish& wish) {
  std::map<std::string, const reconciler::MapPlan*> plans;
  for (const reconciler::MapPlan& map_plan : plan.maps) plans[map_plan.map] = &map_plan;
  std::map<std::string, Intended> intended;
  std::set<std::string> moved;  // groups
  for (const auto& [name, desired] : desired_->maps) {
    const auto planned = plans.find(name);
    Intended& map =
        intended
            .emplace(name, IntendedFor(*desired, planned == plans.end() ? nullptr : planned->second,
                                       served))
            .first->second;
    const auto wished = wished_.find(name);
    map.news = wished == wished_.end() || wished->second != map.wished;
    if (map.news) moved.insert(desired->group);
  }
  reconciler::Batch records;
  records.sync = false;
  for (auto& [name, map] : intended) {
    const manifests::DesiredMap& desired = *desired_->maps.at(name);
    if (!map.news && (desired.group.empty() || !moved.contains(desired.group))) continue;
    if (map.plan.base != map.wished.base) continue;  // its stable version cannot be read
    PORTOLAN_CHECK(ports_.versions.Put(desired.version));
    wish.targets[name] = TargetOf(desired, map.plan, ports_.rollouts.Find(name).get());
    wish.targets[name].findings = map.wished.findings;
    if (!map.planned) continue;
    wish.targets[name].writers = map.writers;
    Value record = reconciler::MapPlanToValue(Abridged(map.plan));
    WriteWriters(map.writers, record);
    record.Set("policies", std::move(map.policies));
    if (map.plan.sensitive != desired.sensitive)
      record.Set("sensitive", Value::Array(map.plan.sensitive.begin(), map.plan.sensitive.end()));
    AddJudged(map.plan, std::move(map.judged_in), record);
    records.puts.push_back(
        {"plan/" + map.plan.id.ToString(), manifests::CanonicalJson(record), std::nullopt});
  }
  if (!records.puts.empty()) PORTOLAN_CHECK(ports_.store.Commit(records));
  for (const auto& [name, target] : wish.targets) wished_[name] = intended.at(name).wished;
  return {};
}

SourceReconciler::Intended SourceReconciler::IntendedFor(const manifests::DesiredMap& desired,
                                                         const reconciler::MapPlan* planned,
                                                         const Served& served) {
  Intended map;
  const auto rollout = ports_.rollouts.Find(desired.name);
  std::optional<Digest> base;
  if (rollout != nullptr && rollout->stable) base = rollout->stable->digest;
  map.planned = planned != nullptr;
  if (planned == nullptr) {
    map_writers_.erase(desired.name);
    ReleaseRegulated(desired, rollout.get());
    if (ports_.external != nullptr) ports_.external->Drop(desired.name);
  }
  map.writers = WritersOfMap(desired.name, rollout.get());
  if (planned != nullptr) {
    GateReport gate = JudgePlan(*planned, served, map.writers);
    map.plan = *planned;
    map.policies = std::move(gate.policies);
    map.judged_in = std::move(gate.judged_in);
    map.wished.findings = std::move(gate.findings);
  } else {
    map.plan.base = base;
    map.plan.strategy = desired.strategy;
  }
  map.wished.target = desired.version->digest();
  map.wished.base = base;
  map.wished.plan = map.plan.id;
  map.wished.sensitive = desired.sensitive;
  map.wished.heal = desired.heal;
  map.wished.group = desired.group;
  return map;
}

// A group that cannot be read may still be one: its maps stay together, and as they are.
void SourceReconciler::CollectGroups(SourceWish& wish) {
  for (const auto& [name, group] : desired_->groups) wish.groups[name] = group.maps;
  wish.held_groups = desired_->rejected_groups;
  for (const auto& rollout : ports_.rollouts.Groups()) {
    if (rollout->source != settings_.name) continue;
    const std::string name = rollout->map.substr(reconciler::GroupName("").size());
    if (desired_->groups_incomplete && !wish.groups.contains(name)) wish.held_groups.insert(name);
  }
}

void SourceReconciler::Plan() {
  if (!desired_) return;
  const Rollouts all = ports_.rollouts.All();
  RefuseForeignMaps(all);
  RefuseForeignGroups();
  {
    const std::scoped_lock lock(mutex_);
    status_.diagnostics = desired_->diagnostics;
    status_.maps.clear();
    for (const auto& [name, desired] : desired_->maps) status_.maps.insert(name);
    for (const auto& [name, why] : desired_->rejected) status_.maps.insert(name);
    status_.rejected = desired_->rejected;
  }
  const Served served{StableOf(all),
                      reconciler::MarksBeyond(reconciler::ServedMarksOf(all), *desired_)};
  if (const auto refused = WholeRefused(served.stable)) return Fail(*refused, true);
  TakeContent();
  NoteRegulated();
  reconciler::Plan plan =
      reconciler::MakePlan(served.stable, *desired_, settings_.environment.name, served.masked);
  ConsiderPolicies(served.stable.empty());
  for (reconciler::MapPlan& map_plan : plan.maps) gate_.MarkSecrets(map_plan);
  PublishOverrideRules();
  SourceWish wish;
  wish.source = settings_.name;
  wish.removed = plan.removed;
  if (const Status collected = CollectTargets(plan, served, wish); !collected.ok())
    return Fail(collected.error(), false);
  CollectGroups(wish);
  ports_.rollouts.Wish(std::move(wish)).wait();
  Conclude();
}

void SourceReconciler::Conclude() {
  const std::string commit = ShortCommit(desired_->revision.commit);
  const auto errors = std::count_if(
      desired_->diagnostics.begin(), desired_->diagnostics.end(),
      [](const auto& d) { return d.severity == manifests::Diagnostic::Severity::kError; });
  if (errors == 0) return Settle("Succeeded", "following " + commit, true, false);
  const std::string counted =
      std::to_string(errors) + (errors == 1 ? " error in " : " errors in ") + commit;
  const std::size_t rejected = desired_->rejected.size();
  const std::string kept =
      desired_->incomplete ? ": a file cannot be read, so no map counts as removed"
      : rejected == 1
          ? ", 1 of its maps keeps its last good version"
          : ", " + std::to_string(rejected) + " of its maps keep their last good version";
  Settle("InvalidManifests", counted + kept, false, true);
}

Status SourceReconciler::Keep() {
  reconciler::Batch batch;
  batch.puts.push_back(
      {"source/" + settings_.name, manifests::CanonicalJson(SourceRecord(status())), std::nullopt});
  const auto committed = ports_.store.Commit(batch);
  if (committed.ok()) return {};
  const std::scoped_lock lock(mutex_);
  status_.last_error = committed.error().message;
  return committed.error();
}

}  // namespace portolan::controller
