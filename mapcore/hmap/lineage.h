#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "mapcore/hmap/arena.h"
#include "mapcore/hmap/directory.h"
#include "mapcore/hmap/epoch.h"
#include "mapcore/hmap/ref_list.h"

namespace portolan::mapcore::hmap {

// What a map counts.
struct Counters {
  std::uint64_t size = 0;
  // Sum of EntryDigest over the entries, each under its table's seed; see digest.h.
  std::uint64_t digest = 0;
  bool digest_known = false;  // since the last write
  std::uint64_t pages = 0;    // of the primary table, overflow pages not included
  std::uint64_t overflow_pages = 0;
  // Of a relocation under way; see relocation.h.
  std::uint64_t old_pages = 0;
  std::uint64_t old_overflow_pages = 0;
  std::uint64_t old_pages_at_first = 0;
  std::uint64_t evacuated = 0;        // pages
  std::uint64_t cursor = 0;           // the lowest hash of the old page that moves next
  std::uint32_t waits_for_epoch = 0;  // readers of it and before may know one table only
  std::uint64_t reseed_from = 0;      // the size from which overflow pages start a relocation
};

// What a map holds at one moment.
struct Contents : Counters {
  Top* top = nullptr;
};

struct Branch;

// A snapshot as its lineage keeps it.
struct SnapshotState {
  Contents contents;
  std::uint32_t version = 0;  // of the lineage; births compare with it
  static constexpr std::uint64_t kHandle = 1;
  static constexpr std::uint64_t kFork = std::uint64_t{1} << 32;
  std::atomic<std::uint64_t> uses{0};  // kHandle for each handle, kFork for each branch forked here
  std::uint64_t user_version = 0;
  std::int64_t timestamp_ms = 0;
  std::atomic<std::uint64_t> digest{0};  // where `contents` does not know it; see digest.h
  std::atomic<bool> digest_known{false};
  Branch* branch = nullptr;
  SnapshotState* older = nullptr;
  SnapshotState* newer = nullptr;
  SnapshotState* next_released = nullptr;
  RefList dead;  // what died on the branch while this was its newest snapshot
};

// A head that is written, and the snapshots taken of it.
struct Branch {
  Contents head;
  bool has_head = true;
  // Its map is gone, or has become another: the head is dropped once no reader of up to this epoch,
  // and no iteration, can be in it. 0 while a map is on it.
  std::uint32_t left_in = 0;
  std::uint64_t left_blocks = 0;        // of the head alone, when it was left; see TooMuchWaits()
  std::atomic<std::uint32_t> flags{0};  // HmapDebug::kWriting
  std::uint64_t mutations = 0;          // calls that may have changed the head
  mutable std::atomic<std::uint64_t> iterations{0};  // begun so far
  mutable std::uint32_t iterators = 0;               // that have not ended
  SnapshotState* base = nullptr;                     // of another branch, pinned; null: began empty
  SnapshotState* oldest = nullptr;
  SnapshotState* newest = nullptr;
  RefList dead;  // what of the base died on this branch before its first snapshot
  Branch* previous = nullptr;
  Branch* next = nullptr;

  // What was born later is the head's alone, and may be changed in place.
  std::uint32_t floor() const {
    return newest != nullptr ? newest->version : base != nullptr ? base->version : 0;
  }
};

// How far a compaction has come; see compaction.h.
struct CompactionState {
  enum class Phase : std::uint8_t { kIdle, kMarking, kMoving };
  Phase phase = Phase::kIdle;
  bool withdrawing = false;  // from `extent`
  const Branch* owner = nullptr;
  std::uint32_t extent = 0;  // the last one looked at
  std::uint32_t looked_at = 0;
  std::uint32_t marks_left = 0;
  std::uint32_t bucket = 0;  // of the page at the cursor, counted on through its overflow pages
  std::uint64_t cursor = 0;  // the lowest hash of the page that is next
  std::uint32_t writes_to_look = 1;     // until the next look at what there is to gain
  std::uint64_t record_bytes_then = 0;  // when the last one ended
  std::uint64_t extent_bytes_then = 0;
  std::uint64_t moved = 0;  // records, ever
  std::uint64_t cycles = 0;
};

// One arena and every version that lives in it: the branches, their snapshots, and when a block can
// be freed.
//
// Every block knows the version it was born in; versions are counted over the whole lineage, one a
// snapshot. A block that the head replaces dies. Born after the newest snapshot, nobody else has
// it: it is freed. Otherwise it goes to the dead list of the newest snapshot. When snapshot s is
// released, what is in its list and was born after the next older snapshot can be reached no more
// and is freed; the rest moves to that older one's list (the dead lists of ZFS). So a release costs
// what died while s was the newest, however many snapshots there are.
//
// A branch that lost its head has no more deaths: its newest snapshot stands for it, and releasing
// that frees, by a walk, what was born after the next older. A fork's base is pinned, and plays the
// next older snapshot's part at the fork's end of the list; when only the fork still needs it and
// its branch has no head, the two branches become one.
//
// It ends with its last map and its last handle of a snapshot, whichever goes last. Maps are one
// thread's and counted plainly. Handles go on any thread, but are given by that one: so giving one
// counts plainly as well, releases are counted down from zero, and what was given is added when the
// last map goes. Only from then on can the sum be zero again, and is when the last handle goes.
//
// One writer at a time, but for Hold() and LetGo().
class Lineage {
 public:
  // `waiting_max`: see HmapOptions::waiting_blocks_max.
  Lineage(std::unique_ptr<Arena> arena, ReaderDomain* readers, std::uint32_t waiting_max,
          std::uint32_t first_version = 1);
  // A map begins to write a branch of this, or ends; with the last one this may end.
  void Enter() { ++maps_; }
  void Leave(Branch& branch);
  ~Lineage();
  Lineage(const Lineage&) = delete;
  Lineage& operator=(const Lineage&) = delete;

  Arena& arena() const { return *arena_; }
  const char* base() const { return arena_->base(); }
  std::uint32_t version() const { return version_; }
  // It gives no more snapshots. Births are compared by order: a counter that wraps would make the
  // oldest blocks the newest.
  bool out_of_versions() const { return version_ == UINT32_MAX; }
  Record* RecordAt(Arena::Ref ref) const { return static_cast<Record*>(arena_->At(ref)); }

  // Null when memory is out (the heap's).
  Branch* NewBranch(SnapshotState* base);
  // Null when memory is out or versions are (2^32 of them). The caller has one handle.
  SnapshotState* Take(Branch& branch);
  // Gives up the branch's head, at once or when readers and iterations have left it. Takes no
  // memory for that, so that it may be done without any.
  void DropHead(Branch& branch);
  // The same of a branch that nobody has seen yet, at once.
  void DropUnused(Branch& branch) { DropHeadNow(branch); }
  // Begins the branch anew with `contents`, in blocks of their own. Its snapshots go to `past`, a
  // new branch. O(snapshots + what only the head had).
  void Restart(Branch& branch, Branch& past, const Contents& contents);
  // Whether the head of `branch` is all that there is: no snapshot, no fork, no block that waits.
  bool HoldsOnly(const Branch& branch) const;
  // Becomes the copy of a lineage that holds only one head, in blocks of the same names. The caller
  // gives `branch`, this one's only one, its contents. False, and nothing changed, where the arena
  // cannot be copied as one piece.
  bool CopyFrom(const Lineage& from);
  // Exchanges what two branches are. O(their snapshots).
  void Swap(Branch& a, Branch& b);

  // One more handle, for who has one. Any thread.
  static void Hold(SnapshotState& snapshot) {
    snapshot.uses.fetch_add(SnapshotState::kHandle, std::memory_order_relaxed);
  }
  // Gives a handle back, from any thread; what only it kept is freed by the next Drain(). This may
  // end with it.
  void LetGo(SnapshotState& snapshot);
  bool HasReleased() const { return released_.load(std::memory_order_acquire) != nullptr; }
  void Drain();

  // Makes sure that the next `deaths` calls of Retire() have room to note them.
  bool PrepareRoom(std::uint32_t deaths);
  // The same, where a death of `branch` is noted at all.
  bool PrepareRoomIfShared(const Branch& branch, std::uint32_t deaths) {
    const bool shared = branch.newest != nullptr || branch.base != nullptr || readers_ != nullptr ||
                        iterations_ > 0;
    return !shared || ((!TooMuchWaits() || ReclaimForWrite()) && PrepareRoom(deaths));
  }
  // The head of `branch` no longer refers to the block, and readers find it no more.
  void Retire(Branch& branch, void* block, std::uint32_t birth);
  void RetireRecord(Branch& branch, Record* record) {
    if (record->birth() > branch.floor() && readers_ == nullptr && iterations_ == 0) [[likely]]
      return arena_->FreeRecord(record, record->bytes());
    Retire(branch, record, record->birth());
  }
  // Frees now, or when the readers and iterators of this moment are gone. `block` was never in a
  // snapshot that lives.
  void Free(void* block);
  // Frees what waits for readers that are gone, or what released snapshots alone have kept, before
  // a write fails for want of memory; false when that was nothing. O(what waits); O(branches) when
  // all of it has to wait on.
  bool ReclaimForWrite();

  // What waits for readers and iterations to end. O(it).
  struct Waiting {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
  };
  Waiting waiting() const;
  // Of waiting(): whether there is any; and its blocks, where waiting_max bounds them those of left
  // heads too, which are counted only then. O(1).
  bool AnyWaits() const { return waiting_count_ + left_heads_ > 0; }
  std::uint64_t waiting_count() const { return waiting_count_ + left_blocks_; }
  bool TooMuchWaits() const { return waiting_count() > 0 && waiting_count() >= waiting_max_; }

  // Of a block whose kind has one.
  std::uint32_t BirthOf(const void* block) const;
  // Readers that came up to this moment have an epoch up to this one; 0 when there are none ever.
  std::uint32_t ReaderEpoch() const { return readers_ == nullptr ? 0 : readers_->epoch(); }
  bool ReadersPassed(std::uint32_t epoch) {
    return readers_ == nullptr || readers_->Advance() >= epoch;
  }

  // While an iteration is under way blocks keep their bytes.
  void BeginIteration() { ++iterations_; }
  void EndIteration();
  bool iterating() const { return iterations_ > 0; }

  // Who writes any of the heads, or null: the heads share blocks, and one thread at a time writes
  // them.
  std::atomic<const void*>& writing() { return writing_; }
  // Whether pages and chunks may know their digests. Of the lineage and not of a head: they are
  // shared, and a fork may come to own one that another head was asked about.
  bool digests_kept() const { return digests_kept_; }
  void KeepDigests() { digests_kept_ = true; }

  CompactionState& compaction() { return compaction_; }
  // Leaves the records where they are. O(what is marked).
  void StopCompaction();

  struct Counts {
    std::uint64_t branches = 0, heads = 0, snapshots = 0, waiting = 0, leaked = 0;
    std::uint64_t handed_on = 0;  // blocks that went to an older snapshot's dead list, ever
  };
  Counts counts() const;
  // Calls visit(block) for every block of `contents` born after `born_after`; a block is not read
  // any more once it was visited. A version that is older than a node is older than all below it.
  template <typename Visit>
  void ForEachBlock(const Contents& contents, std::uint32_t born_after, const Visit& visit) const;
  // See validate.h.
  Status Validate() const;

 private:
  void Unpin(SnapshotState& snapshot);
  void Release(SnapshotState& snapshot);
  SnapshotState* NewState();
  void Recycle(SnapshotState& snapshot);
  void ReleaseNow(SnapshotState& snapshot);
  static void Publish(Branch& branch, const Contents& contents);
  bool ReleaseAll();
  bool MayNote();
  void Unlink(SnapshotState& snapshot);
  bool MayDrop(const Branch& branch, std::uint32_t passed) const;
  void DropHeadNow(Branch& branch);
  bool DropLeft(std::uint32_t passed);
  void EndIfEmpty(Branch& branch);
  bool JoinIfLeft(Branch& branch);
  bool JoinOne();
  void Discard(RefList& list);
  void FreeAll(const Contents& contents, std::uint32_t born_after);
  void Append(RefList& list, RefList::Item item);
  std::size_t BytesOf(const void* block) const;
  void FreeBlock(void* block);
  void Reclaim();
  void Recycle(RefList::Block* block);

  std::unique_ptr<Arena> arena_;
  ReaderDomain* readers_;
  std::uint32_t version_;
  std::uint32_t maps_ = 0;
  std::int64_t taken_ = 0;             // snapshots, ever
  std::atomic<std::int64_t> kept_{0};  // minus those let go; plus taken_ once no map is left
  std::atomic<SnapshotState*> released_{nullptr};
  // States come from slabs: taking a snapshot goes to the heap once in kStates times.
  struct StateSlab;
  StateSlab* slabs_ = nullptr;
  SnapshotState* free_states_ = nullptr;  // linked by `older`
  Branch* branches_ = nullptr;
  RefList::Block* spares_ = nullptr;
  std::uint32_t spare_count_ = 0;
  RefList waiting_;  // unlinked blocks that a reader may still look at, with their epoch
  std::uint32_t waiting_count_ = 0;
  std::uint32_t left_heads_ = 0;   // branches with left_in
  std::uint64_t left_blocks_ = 0;  // the sum of theirs
  const std::uint32_t waiting_max_;
  std::uint32_t reclaim_at_ = 1;
  std::uint64_t leaked_ = 0;
  std::uint64_t handed_on_ = 0;
  int iterations_ = 0;
  std::atomic<const void*> writing_{nullptr};
  bool digests_kept_ = false;
  bool draining_ = false;  // within Drain()
  bool unseen_ = false;    // within Drain(): no reader can be in what died before it
  CompactionState compaction_;
};

template <typename Visit>
void Lineage::ForEachBlock(const Contents& contents, std::uint32_t born_after,
                           const Visit& visit) const {
  Top* old = nullptr;
  for (Top* top = contents.top; top != nullptr; top = old) {
    if (top->birth <= born_after) return;
    old = top->old;
    for (std::size_t t = 0; t < top->size();) {
      Chunk* chunk = ChunkOf(top->chunks()[t]);
      const std::uint32_t chunk_depth = DepthOf(top->chunks()[t]);
      t += std::size_t{1} << (top->depth - chunk_depth);
      if (chunk->birth <= born_after) continue;
      for (std::uint32_t p = 0; p < Chunk::kPages;) {
        Page* page = PageOf(chunk->pages[p]);
        p += 1u << (chunk_depth + Chunk::kBits - DepthOf(chunk->pages[p]));
        while (page != nullptr && page->birth() > born_after) {
          ForEachSlot(*page, [&](Slot slot) {
            Record* record = RecordAt(slot.ref());
            if (record->birth() > born_after) visit(record);
          });
          Page* next =
              page->overflow() == 0 ? nullptr : static_cast<Page*>(arena_->At(page->overflow()));
          visit(page);
          page = next;
        }
      }
      visit(chunk);
    }
    visit(top);
  }
}

}  // namespace portolan::mapcore::hmap
