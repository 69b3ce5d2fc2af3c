#pragma once

namespace portolan::bench {

// Prints how the evidence on counts behaves in simulated rollouts with fixed seeds: false
// rollbacks, time to detect, time to promote; a table and JSON lines each. `runs` scales the number
// of rollouts behind each figure, which the tables say; 1 takes a minute or two. Returns the exit
// code.
int MeasureEvidence(int runs);

}  // namespace portolan::bench
