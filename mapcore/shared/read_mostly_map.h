#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mapcore/shared/retired.h"
#include "mapcore/shared/shared_map.h"
#include "mapcore/typed_map.h"

namespace portolan::mapcore {

// What Go's sync.Map is for: keys that are written once and read often, or that many threads
// overwrite, each its own. Its plan is Go's (src/sync/map.go, 1.19) on top of a Hmap:
//
//   read   a frozen view, key -> cell. Finding a key, and overwriting or erasing one that is in it,
//          takes no lock: the cell's value is exchanged
//   dirty  all keys, the new ones too; under a mutex. A lookup that misses `read` while dirty has
//          more asks it, and is counted
//   promotion  when as many lookups missed as keys were added, dirty becomes the next read view
//
// It differs where the Hmap is better: dirty always has all keys and the read view is a snapshot of
// it, so a promotion costs O(1) and nothing is ever copied key by key. Keys that were erased leave
// their cell behind until a third of the cells are such; then they are swept in one go.
//
// What was replaced is freed when no reader can see it (hmap/epoch.h).
//
// Values lie outside the Hmap, but within the same limit_bytes: the memory of the keys' Hmap, the
// values and what waits of them are bounded by it together, but for what the Hmap takes at once
// (64 KiB, for pages a sixteenth of what it has, 2 MiB at most) and for what the allocator adds to
// each value. The Hmap gets seven eighths at most, some of it for what a sweep copies, has 128 KiB
// at first, and keeps what it took: 1 MiB is a sensible least, and a map that was full takes fewer
// new keys than it had erased. After 2^32 promotions the keys go on in another Hmap; the
// first does not count, while a lookup is still in it.
// waiting_blocks_max bounds the values that wait. A write that would pass either is kExhausted and
// changes nothing; to overwrite takes room for both values for a moment. Without a limit_bytes
// nothing bounds the values, reserve_bytes neither.
class ReadMostlyMap : public SharedMap {
 public:
  // Errors: kExhausted, as Hmap::Create.
  static Result<std::unique_ptr<ReadMostlyMap>> Create(
      HmapOptions options = {}, const EntryLimits& limits = {},
      hmap::ReaderDomain::Fences fences = hmap::ReaderDomain::Fences::kProbe);
  ~ReadMostlyMap() override;

  std::unique_ptr<MapSession> Open() override;
  // Exact when no thread is writing.
  std::uint64_t size() const override;
  std::string_view name() const override { return "read-mostly"; }
  // Values and cells, and views of which only the number: their snapshots' memory is the Hmap's.
  hmap::Lineage::Waiting waiting() const override;
  bool barrier_lost() const override { return readers_.barrier_lost(); }

  // What counts for the limit: keys, values and what waits of them. Means nothing without one.
  std::uint64_t used_bytes() const;
  std::uint64_t promotions() const { return promotions_.load(std::memory_order_relaxed); }
  std::uint64_t sweeps() const { return sweeps_.load(std::memory_order_relaxed); }

 private:
  class Session;
  // A value's bytes, right behind; replaced whole.
  struct Value {
    Value* next;
    std::uint32_t epoch;  // when it was replaced
    std::uint32_t bytes;
  };
  // Where a key's value is. Null: erased. Swept(): erased, and the key is no longer in dirty.
  struct Cell {
    std::atomic<Value*> value{nullptr};
    Cell* next = nullptr;
    std::uint32_t epoch = 0;  // when the last view that has it was replaced
  };
  struct View {
    Snapshot keys;
    // Dirty has keys that `keys` lacks; never becomes false again.
    std::atomic<bool> amended{false};
    View* next = nullptr;
    std::uint32_t epoch = 0;  // when it was replaced
  };
  using Cells = TypedMap<std::string_view, std::uint64_t>;  // of Cell*
  static constexpr std::uint64_t kValuesShare = 8;  // of the limit, one part that keys never get

  ReadMostlyMap(const HmapOptions& options, const EntryLimits& limits,
                hmap::ReaderDomain::Fences fences)
      : SharedMap(limits),
        limit_bytes_(options.memory.limit_bytes),
        keys_options_(options),
        waiting_max_(options.waiting_blocks_max),
        readers_(fences) {
    // Extents of the Hmap are not given back: had keys once taken all, no value would fit any more,
    // whatever is erased.
    keys_options_.memory.limit_bytes = limit_bytes_ - limit_bytes_ / kValuesShare;
  }

  static Value* Swept() { return reinterpret_cast<Value*>(alignof(Value)); }  // none is there
  Status TakeRoom(std::size_t bytes);
  bool TryTakeRoom(std::size_t bytes);
  bool TooManyWait() const;
  bool KeyFits() const;
  Error NoRoom(const std::string& what) const;
  Result<Value*> NewValue(std::string_view bytes);
  void FreeUnseen(Value* value);
  void NoteKeysMemory();
  static Cell* CellIn(const Snapshot& keys, std::string_view key);
  Cell* CellInDirty(std::string_view key) const;
  Found FindInDirty(std::string_view key, std::string& value);
  Result<bool> PutInDirty(std::string_view key, Value* value);
  bool EraseInDirty(std::string_view key);
  enum class Exchanged { kFresh, kReplaced, kSwept };
  Exchanged Exchange(Cell& cell, Value* value);
  bool ReclaimDue() const;
  bool SweepDue() const;
  void Sweep();
  void MakeRoomForKeys();
  bool SweepMayHelp(bool freed) const;
  void CompactKeys();
  void PromoteAndCollect();
  Result<Snapshot> TakeKeys();
  Status Promote();
  void TryToPromote();
  void Retire(Value* value);
  void TidyIfDue();
  void Tidy();
  void Reclaim();
  void TakeReplaced();
  void FreePassed(std::uint32_t passed);

  const std::uint64_t limit_bytes_;  // 0: none, and nothing is counted for it
  HmapOptions keys_options_;         // of dirty's Hmap, with its part of the limit
  const std::uint32_t waiting_max_;
  hmap::ReaderDomain readers_;
  std::atomic<View*> read_{nullptr};
  // Counted after the exchange that they count: for an instant they may be off by what other
  // threads are just doing, below zero too.
  std::atomic<std::int64_t> size_{0};
  std::atomic<std::int64_t> erased_{0};  // cells without a value
  // So many have to be erased for another sweep: twice what the last one could not take out.
  std::atomic<std::int64_t> sweep_from_{0};
  std::atomic<std::uint64_t> promotions_{0}, sweeps_{0};
  std::atomic<Value*> replaced_{nullptr};  // a stack, pushed by any thread
  std::atomic<std::uint32_t> replaced_count_{0};
  std::atomic<std::uint32_t> waiting_count_{0};  // of waiting_
  std::atomic<std::uint64_t> value_bytes_{0};    // of values and cells, waiting ones too
  std::atomic<std::uint64_t> keys_bytes_{0};     // of dirty's Hmap, and so of nearly all views

  mutable std::mutex mutex_;  // for what follows
  std::optional<Cells> dirty_;
  std::uint64_t missed_ = 0;  // lookups since the last promotion that had to ask dirty
  std::uint64_t added_ = 0;   // keys since then
  // Bytes that live, as a sweep for want of room has left them that won next to nothing though no
  // lookup stood; another one is for when there are less. UINT64_MAX: there was none.
  std::uint64_t in_vain_at_ = UINT64_MAX;
  Retired<Value> waiting_;  // replaced values that a reader may still see
  Retired<View> old_views_;
  Retired<Cell> swept_cells_;  // the read view still has them
  Retired<Cell> old_cells_;
};

}  // namespace portolan::mapcore
