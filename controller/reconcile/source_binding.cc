// Policies in a repository of their own: what the source that follows it gives out, and what the
// others take.

#include <algorithm>

#include "controller/reconcile/source_event.h"
#include "controller/reconcile/source_reconciler.h"
#include "manifests/short_commit.h"
#include "mapcore/traffic_split.h"

namespace portolan::controller {
namespace {

// How often the time is written at which the policies were last current: after a restart they may
// count for older by that.
constexpr Duration kKeepReadMax = std::chrono::minutes(1);
constexpr int kKeepReadShare = 60;  // of maxPolicyAge

}  // namespace

bool SourceReconciler::TakeBinding() {
  const std::uint64_t generation = ports_.binding->generation();
  gate_ = ports_.binding->gate();
  {
    const std::scoped_lock lock(mutex_);
    status_.bound_to = ports_.binding->source();
    status_.bound_policies = ports_.binding->commit();
    status_.policies_read = ports_.binding->seen_at();
  }
  return std::exchange(binding_generation_, generation) != generation;
}

void SourceReconciler::PublishBinding() {
  const SourceStatus now = status();
  const std::uint64_t before = ports_.binding->generation();
  const bool first = !ports_.binding->restored();
  if (!now.policies.empty()) ports_.binding->Publish(gate_, now.policies);
  if (now.policies_read && !ports_.binding->seen_at()) ports_.binding->Seen(*now.policies_read);
  ports_.binding->SetRestored();
  if (first || ports_.binding->generation() != before) ports_.policies_changed();
}

// A tip that is rewritten, badly signed, refused or gone leaves open what the newest policies are:
// whoever can bring that about must not be able to keep old ones in force for ever.
void SourceReconciler::NotePoliciesAge() {
  const SourceStatus now = status();
  const std::uint64_t before = ports_.binding->generation();
  if (failures_ == 0 && now.ready && now.followed == now.observed && now.last_fetch &&
      now.last_fetch != now.policies_read) {
    const WallTime read = *now.last_fetch;
    ports_.binding->Seen(read);
    {
      const std::scoped_lock lock(mutex_);
      status_.policies_read = read;
    }
    const Duration often = std::min(kKeepReadMax, ports_.binding->max_age() / kKeepReadShare);
    if (!kept_read_ || read - *kept_read_ >= often) {
      kept_read_ = read;
      (void)Keep();
    }
  }
  if (ports_.binding->GrewOld(now_))
    ports_.event(SourceEvent(
        settings_.name, "Warning", "PoliciesTooOld",
        "the policies were last seen to be current at " + FormatTime(*now.policies_read) +
            ", longer ago than maxPolicyAge (" + FormatDuration(ports_.binding->max_age()) +
            "): no weight is raised and nothing new goes live until they are"));
  if (ports_.binding->generation() != before) ports_.policies_changed();
}

std::optional<Error> SourceReconciler::RefuseOwnPolicies() const {
  const manifests::PolicySet& set = desired_->policies;
  std::string file;
  if (!set.policies.empty())
    file = set.policies.begin()->second->file;
  else if (!set.waivers.empty())
    file = set.waivers.begin()->second->file;
  else if (!set.errors.empty())
    file = set.errors.front().file;
  else
    return std::nullopt;
  return Error{ErrorCode::kInvalid,
               "PoliciesElsewhere: commit " + manifests::ShortCommit(desired_->revision.commit) +
                   " holds policies or waivers (" + file + "), but those of policySource \"" +
                   ports_.binding->source() +
                   "\" judge this source, nothing of it is taken; move them there"};
}

std::optional<Error> SourceReconciler::RefuseInPolicySource() const {
  if (!settings_.policies_only) return std::nullopt;
  const std::string commit = manifests::ShortCommit(desired_->revision.commit);
  if (!desired_->maps.empty() || !desired_->rejected.empty()) {
    const std::string& map =
        desired_->maps.empty() ? desired_->rejected.begin()->first : desired_->maps.begin()->first;
    return Error{ErrorCode::kInvalid, "MapsInPolicySource: commit " + commit + " declares maps (" +
                                          map +
                                          "), and a policySource holds policies only: nothing of "
                                          "it is taken; move them to a source"};
  }
  // A typo would be an exception that looks as if it were in force. What is followed already was
  // looked at when it came; a map that was pruned since takes nothing back.
  const auto known = ports_.rollouts.All();
  if (known.empty() || desired_->revision.commit == status().followed) return std::nullopt;
  for (const auto& [name, waiver] : desired_->policies.waivers)
    for (const std::string& glob : waiver->maps)
      if (std::ranges::none_of(known, [&, &glob = glob](const auto& rollout) {
            return mapcore::GlobMatch(glob, rollout->map);
          }))
        return Error{ErrorCode::kInvalid, "PolicyRejected: " + waiver->file + ": waiver \"" + name +
                                              "\" of commit " + commit + " is for a map \"" + glob +
                                              "\", which no source declares; nothing of it is "
                                              "taken, the policies before go on judging"};
  return std::nullopt;
}

}  // namespace portolan::controller
