#pragma once

#include <vector>

#include "manifests/artifact.h"
#include "manifests/value.h"
#include "reconciler/floor.h"

namespace portolan::reconciler {

// The parts that plans, records and statuses have in common, so that each looks the same in all of
// them. Members are only added: records are read by later programs, the others by people's scripts.

// {branch, commit, author, subject, time}.
manifests::Value RevisionToValue(const manifests::Revision& revision);
// Errors: kCorrupt when the time is missing or malformed; absent texts are empty.
Result<manifests::Revision> RevisionFromValue(const manifests::Value& value);

// {policy, level, message}.
manifests::Value FindingToValue(const Finding& finding);
manifests::Value FindingsToValue(const std::vector<Finding>& findings);

}  // namespace portolan::reconciler
