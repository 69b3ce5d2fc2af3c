#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "mapcore/hmap/record.h"

namespace portolan::mapcore {

// What becomes of one key: the record it holds afterwards, or null to erase it. `key` is a view;
// with a record it is that record's key.
struct Edit {
  std::string_view key;
  const hmap::Record* record;
};

// The order of a version's records, which a hash map does not have: a sorted sequence of pointers
// to them, cut into runs that lineages of versions share. Edited() copies only the runs that an
// edit falls into. The records belong to the version's snapshot. Immutable, so thread-safe.
//
// Invariants: runs are never empty, keys ascend strictly within and across them, no run is longer
// than kRunMax, and no two neighbours fit together in half a run (so that erasing does not leave
// crumbs behind).
class SortedRuns {
 public:
  using Run = std::vector<const hmap::Record*>;
  using RunPtr = std::shared_ptr<const Run>;
  // An edit copies a run of pointers and a version keeps one pointer a run: both stay small
  // beside the entries.
  static constexpr std::size_t kRunMax = 512;

  SortedRuns() = default;
  // `records` ascend strictly by key.
  explicit SortedRuns(Run records);

  // `edits` ascend strictly by key. O(runs + edits * (kRunMax + log)).
  SortedRuns Edited(std::span<const Edit> edits) const;

  std::size_t size() const { return size_; }
  const std::vector<RunPtr>& runs() const { return runs_; }

 private:
  void Append(RunPtr run);
  void AppendCut(Run records);

  std::vector<RunPtr> runs_;
  std::size_t size_ = 0;
};

// Calls `visit(before, after)` in byte order for every key on which the sides differ, until it says
// false; an absent side is null. Runs that both sides share are skipped without being read, and so
// are records that they share. O(runs + records of the runs that are not shared).
void VisitDifferences(
    const SortedRuns& before, const SortedRuns& after,
    const std::function<bool(const hmap::Record* before, const hmap::Record* after)>& visit);

}  // namespace portolan::mapcore
