#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "mapcore/record.h"

namespace portolan::mapcore {

// What becomes of one key: the record it holds afterwards, or null to erase it. `key` is a view;
// with a record it is that record's key.
struct Edit {
  std::string_view key;
  RecordPtr record;
};

// A sorted sequence of records, cut into runs that lineages of versions share: the owner of a
// version's records and its order. Edited() copies only the runs that an edit falls into.
// Immutable, so thread-safe.
//
// Invariants: runs are never empty, keys ascend strictly within and across them, no run is longer
// than kRunMax, and no two neighbours fit together in half a run (so that erasing does not leave
// crumbs behind).
class SortedRuns {
 public:
  using Run = std::vector<RecordPtr>;
  using RunPtr = std::shared_ptr<const Run>;
  // An edit copies half a run of pointers and a version keeps one pointer a run: both stay small
  // beside the entries.
  static constexpr std::size_t kRunMax = 512;

  SortedRuns() = default;
  // `records` ascend strictly by key.
  explicit SortedRuns(std::vector<RecordPtr> records);

  // `edits` ascend strictly by key. O(runs + edits * (kRunMax + log)).
  SortedRuns Edited(std::span<const Edit> edits) const;

  std::size_t size() const { return size_; }
  const std::vector<RunPtr>& runs() const { return runs_; }

 private:
  void Append(RunPtr run);
  void AppendCut(std::vector<RecordPtr> records);

  std::vector<RunPtr> runs_;
  std::size_t size_ = 0;
};

// Calls `visit(before, after)` in byte order for every key on which the sides differ; an absent
// side is null. Runs that both sides share are skipped without being read. O(runs + records of the
// runs that are not shared).
void VisitDifferences(const SortedRuns& before, const SortedRuns& after,
                      const std::function<void(const Record* before, const Record* after)>& visit);

}  // namespace portolan::mapcore
