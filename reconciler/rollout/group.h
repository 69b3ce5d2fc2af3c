#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// A RolloutGroup is one Rollout whose versions are versions of several maps (docs/adr/0020). Step
// knows nothing of it: one phase, one evidence, one clock, one verdict. This file is the door
// between the two views: what comes in for a member is translated for the group, and what people
// and lookups see of a member is the group's state, seen from that map.

// "group/edge": the name of a group where names of maps stand. No map has it: their names hold no
// '/'.
std::string GroupName(std::string_view group);

bool IsGroupName(std::string_view map);

// The member's part of a version; null when it has none.
const MemberVersion* MemberIn(const VersionRef& version, std::string_view map);
// The version as one map sees it: itself for an empty name, else the member's part.
std::optional<VersionRef> VersionFor(const VersionRef& version, std::string_view map);
// What differs, member by member; nothing for versions of a map.
std::vector<MemberChange> ChangesBetween(const VersionRef& base, const VersionRef& version);

// Over the names and digests of the members, in byte order: SHA-256 of "portolan.group.v1\0", then
// name, NUL and the digest's bytes for each. Where the members come from does not matter: equal
// members are the same version.
Digest GroupDigest(const std::vector<MemberVersion>& members);

// What git wants for all members, judged and planned each, as one target. A finding of one holds
// all of them. Held as quarantined when every change that was quarantined is there again.
Target GroupTarget(const Rollout& group, const std::map<std::string, Target>& members);

// A finding of one member, said to the group.
void OfMember(std::string_view map, Finding& finding);

// Whether maps may be put together or parted now: nothing is in flight, locked or retiring.
bool AtRest(const Rollout& rollout);

// The maps as one, at what is stable of each; all AtRest. Approvals, quarantines, overrides and
// instances come along; the history begins anew, since an earlier version of one map says nothing
// of the others. `number`: of the group's rollouts before, when it existed.
Rollout FormGroup(std::string_view group, const std::vector<Rollout>& members,
                  std::uint64_t number);
// A member on its own again, at what is stable of it; the group is AtRest. `before`: as it was when
// it joined.
Rollout LeaveGroup(const Rollout& group, const Rollout& before);

// The group as one of its maps sees it.
Rollout MemberOf(const Rollout& group, std::string_view map);

// Inputs of a member for the group. An instance is its own holder, and its own reporter, of each
// member.
Report GroupReport(const Rollout& group, Report report);
Ack GroupAck(const Rollout& group, Ack ack);

}  // namespace portolan::reconciler
