#pragma once

#include <memory>
#include <vector>

#include "reconciler/plan.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// The marks of a version are the globs of the keys whose values need the right to see them: its own
// and, of a group, those of each member.

// Adds those of `from` that `version` does not have.
void AddMarks(VersionRef& version, const VersionRef& from);

// Called before git's wish is replaced or removed: what is served keeps its marks, so that the next
// commit cannot uncover the values that are live before it is. So do the history's entries of these
// contents, for a rollback.
void KeepMarks(Rollout& rollout);

// Git wants the very content that is stable: its marks are those of `wished` from now on, also of
// the history's entries of it. The rollout must have a stable version.
void TakeMarks(Rollout& rollout, const VersionRef& wished);

// Of the maps whose values are masked where they are served. No pointer is null.
ServedMarks ServedMarksOf(const std::vector<std::shared_ptr<const Rollout>>& rollouts);

}  // namespace portolan::reconciler
