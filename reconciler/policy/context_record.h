#pragma once

#include "manifests/value.h"
#include "reconciler/policy/judge.h"

namespace portolan::reconciler {

// What a judgement depends on besides the plan, the policies and the commit's maps, as it is kept
// with the plan's record: with these a later program judges once more and must get the same report.
struct JudgedIn {
  JudgeContext context;  // its pointers are null
  std::vector<PolicyOverride> overrides;
};

// {at, target, actor, signers, paths, descendsFromLive, approvals, overrides, drift, masked}, the
// last, globs by map, where there are any.
manifests::Value JudgedInToValue(const JudgeContext& context,
                                 const std::vector<PolicyOverride>& overrides);
// Errors: kCorrupt.
Result<JudgedIn> JudgedInFromValue(const manifests::Value& value);

}  // namespace portolan::reconciler
