#pragma once

#include <cstdint>

#include "mapcore/hmap/tree.h"
#include "mapcore/hmap_debug.h"

namespace portolan::mapcore::hmap {

RelocationPhase PhaseOf(const Contents& contents);

// What hmap's words say of contents; of a version `flags` knows only whether it is being relocated.
HmapDebug DebugOf(const Contents& contents);

// Moves a branch's entries, by degrees, into a table under another seed, because too many of them
// collide under this one: the Go runtime's same-size growth, with its oldbuckets and nevacuate.
//
//   INIT        one table
//   PREPARE     an empty table is the primary one, the full one its `old`; waits until no reader is
//               left that knows one table only. Writes still go to the old one
//   RELOCATING  every write moves some entries, old page by old page; references are moved, records
//               stay. New keys go to the primary table, others are changed where they are
//   COMMIT      the old table is empty: every write folds some of its chunks together, and the one
//               that is left is unlinked and retired. So no write gives back a table at once, which
//               took 0.14 ms at a million entries
//
// A map begins it with its first overflow page: the Go runtime's condition, noverflow > 2^(B - 2),
// cannot be met before. Where it did not help, because the hash function itself collides, it begins
// again when the size has doubled.
//
// A lookup asks the old table, then the primary one; an entry is put into the second before it
// leaves the first, so it is found at every instant. A snapshot taken meanwhile keeps both tables.
// A relocation can be abandoned: the tables exchange their parts, and what had moved moves back.
class Relocation {
 public:
  Relocation(Lineage& lineage, Branch& branch)
      : lineage_(lineage), branch_(branch), tree_(lineage, branch) {}

  bool active() const { return branch_.head.top->old != nullptr; }
  // False when memory is out; the map is as it was. Not while active.
  bool Begin(std::uint64_t prepared_seed);
  RelocationPhase phase() const { return PhaseOf(branch_.head); }
  // Moves a few entries, or folds a few chunks. Not while an iteration is under way, whose order it
  // would change. False when memory for it was out. O(1).
  bool Step();
  // The same, backwards. False when memory is out.
  bool Abandon();
  // Nothing moves any more before the readers of this moment are gone, as after Begin().
  void WaitForReaders();
  // Where a key that is in neither table goes now.
  Top** InsertTable() { return Prepared() || !active() ? tree_.primary() : tree_.old(); }

 private:
  bool Prepared() const { return branch_.head.waits_for_epoch == 0; }
  enum class Moved { kPage, kSome, kNoMemory };
  Moved MoveEntries(std::uint64_t& cursor);
  bool Commit();
  bool DropOld();

  Lineage& lineage_;
  Branch& branch_;
  Tree tree_;
};

}  // namespace portolan::mapcore::hmap
