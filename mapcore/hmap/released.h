#pragma once

#include <cstddef>
#include <utility>

#include "mapcore/hmap/lineage.h"

namespace portolan::mapcore::hmap {

// Two lists of released snapshots, each the oldest first, as one.
inline SnapshotState* MergeByVersion(SnapshotState* one, SnapshotState* two) {
  SnapshotState* first = nullptr;
  SnapshotState** link = &first;
  while (one != nullptr && two != nullptr) {
    SnapshotState*& older = one->version < two->version ? one : two;
    *link = older;
    link = &older->next_released;
    older = older->next_released;
  }
  *link = one != nullptr ? one : two;
  return first;
}

// A list of released snapshots, the oldest first: a merge sort from below, in which runs[i] is
// empty or holds 2^i of them.
inline SnapshotState* OldestFirst(SnapshotState* released) {
  constexpr std::size_t kRuns = 33;  // versions are 32 bits wide
  SnapshotState* runs[kRuns] = {};
  while (released != nullptr) {
    SnapshotState* run = std::exchange(released, released->next_released);
    run->next_released = nullptr;
    std::size_t i = 0;
    for (; runs[i] != nullptr; ++i) run = MergeByVersion(std::exchange(runs[i], nullptr), run);
    runs[i] = run;
  }
  SnapshotState* sorted = nullptr;
  for (SnapshotState* run : runs) sorted = MergeByVersion(sorted, run);
  return sorted;
}

}  // namespace portolan::mapcore::hmap
