#pragma once

#include "manifests/value.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// What records hold of groups beside what they hold of maps; nothing for a map on its own.

// Adds the members' parts to a version's record, and reads them. Errors: kCorrupt naming the field.
void WriteParts(const VersionRef& version, manifests::Value& record);
Status ReadParts(const manifests::Value& record, VersionRef& version);

// The same of what a quarantined version changed in each member.
void WriteChanges(const Quarantine& quarantine, manifests::Value& record);
Status ReadChanges(const manifests::Value& record, Quarantine& quarantine);

// The same of the members' plans.
void WritePlans(const Target& target, manifests::Value& record);
Status ReadPlans(const manifests::Value& record, Target& target);

// The same of which group a map moves with, or which maps a group has.
void WriteMembership(const Rollout& rollout, manifests::Value& record);
Status ReadMembership(const manifests::Value& record, Rollout& rollout);

}  // namespace portolan::reconciler
