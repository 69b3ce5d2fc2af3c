#pragma once

namespace portolan::bench {

// Prints how the judge of gauges (mannWhitney) behaves on simulated series with fixed seeds: false
// alarms of one look and of sixty, shifts that one look finds, time of one judgement; a table and
// JSON lines. `runs` scales the number of series behind each figure, which the table says. Returns
// the exit code.
int MeasureRanks(int runs);

}  // namespace portolan::bench
