#include "reconciler/rollout/marks.h"

#include "manifests/entries.h"
#include "reconciler/rollout/group.h"
#include "reconciler/rollout/step.h"

namespace portolan::reconciler {
namespace {

void SetMarks(VersionRef& version, const VersionRef& from) {
  version.sensitive = from.sensitive;
  for (MemberVersion& member : version.members)
    if (const MemberVersion* own = MemberIn(from, member.map)) member.sensitive = own->sensitive;
}

}  // namespace

void AddMarks(VersionRef& version, const VersionRef& from) {
  manifests::AddSensitive(version.sensitive, from.sensitive);
  for (MemberVersion& member : version.members)
    if (const MemberVersion* own = MemberIn(from, member.map))
      manifests::AddSensitive(member.sensitive, own->sensitive);
}

void KeepMarks(Rollout& r) {
  if (!r.desired) return;
  if (r.stable) AddMarks(*r.stable, *r.desired);
  if (r.target) AddMarks(r.target->version, *r.desired);
  for (HistoryEntry& entry : r.history) {
    const Digest& digest = entry.version.digest;
    if (digest == r.desired->digest || (r.stable && digest == r.stable->digest) ||
        (r.target && digest == r.target->version.digest))
      AddMarks(entry.version, *r.desired);
  }
}

void TakeMarks(Rollout& r, const VersionRef& wished) {
  SetMarks(*r.stable, wished);
  for (HistoryEntry& entry : r.history)
    if (entry.version.digest == r.stable->digest) SetMarks(entry.version, wished);
}

ServedMarks ServedMarksOf(const std::vector<std::shared_ptr<const Rollout>>& rollouts) {
  ServedMarks marks;
  for (const auto& rollout : rollouts) {
    const std::set<std::string> globs = ServingOf(*rollout).sensitive;
    if (!globs.empty()) marks[rollout->map].assign(globs.begin(), globs.end());
  }
  return marks;
}

}  // namespace portolan::reconciler
