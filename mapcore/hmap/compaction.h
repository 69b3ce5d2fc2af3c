#pragma once

#include <cstdint>
#include <vector>

#include "mapcore/hmap/tree.h"

namespace portolan::mapcore::hmap {

// Moves records together, by degrees, where sizes that drifted have left the arena full of blocks
// that nothing fits any more: the third use, beside growth and relocation, of the Go runtime's
// evacuation by the writes themselves.
//
//   idle     looks now and then whether more than a fifth of what records take is waste; after an
//            erase, more than three quarters, because what is moved now may be erased next
//   marking  a quarter of the extents, at most two thirds full each, hand out no blocks any more
//   moving   goes through the table in the order of hashes, four buckets a step: a record in a
//            marked extent is copied to a dense one and its slot refers to the copy
//
// A marked extent whose last block is freed is free as a whole. Records are moved page by page
// and not extent by extent, so that a page that snapshots share is copied once for all its records.
//
// A move is an overwrite with the same bytes: a snapshot keeps the old record, a reader may finish
// with it, and where an old snapshot keeps an extent in use it stays marked until that one is gone.
// Only the head that began it moves its records. Stands still during a relocation or an iteration.
class Compaction {
 public:
  // Of an extent, in use at most; a cycle leaves those that are fuller, so a map's records then
  // take less than 1.5 times what they need.
  static constexpr int kSparsePercent = 66;
  static constexpr std::uint32_t kBucketsPerStep = 4;
  // Of what records take.
  static constexpr int kWastePercent = 20;
  static constexpr int kWastePercentOfErases = 75;

  Compaction(Lineage& lineage, Branch& branch)
      : lineage_(lineage), state_(lineage.compaction()), branch_(branch), tree_(lineage, branch) {}

  bool active() const { return state_.phase != CompactionState::Phase::kIdle; }
  // Whether so much is waste, and something has changed since the last time.
  bool Worthwhile(int waste_percent) const;
  // Not while active.
  void Begin();
  // One step's worth; without memory for it, none. What was moved goes to `moved`, if given: the
  // new records. While active no record is moved twice.
  void Step(std::vector<const Record*>* moved);

 private:
  void Mark();
  void Move(std::vector<const Record*>* moved);
  bool MoveRecord(Arena::Ref ref, std::vector<const Record*>* moved);
  void End();

  Lineage& lineage_;
  CompactionState& state_;
  Branch& branch_;
  Tree tree_;
};

}  // namespace portolan::mapcore::hmap
