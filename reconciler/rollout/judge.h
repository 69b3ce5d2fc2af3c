#pragma once

#include "reconciler/analysis/evidence_verdict.h"
#include "reconciler/rollout/rollout.h"

namespace portolan::reconciler {

// What the rollout's metrics say of its present step or bake; nothing without a target.
EvidenceJudgement JudgementOf(const Rollout& rollout);

// What a subject of the rollout's evidence is.
EvidenceUnit UnitOf(const Rollout& rollout);

}  // namespace portolan::reconciler
