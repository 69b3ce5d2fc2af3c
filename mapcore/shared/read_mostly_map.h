#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

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
  };
  struct View {
    Snapshot keys;
    std::atomic<bool> amended{
        false};  // dirty has keys that `keys` lacks; never becomes false again
  };
  template <typename T>
  struct Retired {
    std::unique_ptr<T> what;
    std::uint32_t epoch;
  };
  using Cells = TypedMap<std::string_view, std::uint64_t>;  // of Cell*

  ReadMostlyMap(const EntryLimits& limits, hmap::ReaderDomain::Fences fences)
      : SharedMap(limits), readers_(fences) {}

  static Value* Swept() { return reinterpret_cast<Value*>(alignof(Value)); }  // none is there
  static Value* NewValue(std::string_view bytes);
  static Cell* CellIn(const Snapshot& keys, std::string_view key);
  Cell* CellInDirty(std::string_view key) const;
  Found FindInDirty(std::string_view key, std::string& value);
  Result<bool> PutInDirty(std::string_view key, Value* value);
  bool EraseInDirty(std::string_view key);
  enum class Exchanged { kFresh, kReplaced, kSwept };
  Exchanged Exchange(Cell& cell, Value* value);
  bool SweepDue() const;
  void Sweep();
  Status Promote();
  void Retire(Value* value);
  void TidyIfDue();
  void Reclaim();

  hmap::ReaderDomain readers_;
  std::atomic<View*> read_{nullptr};
  // Counted after the exchange that they count: for an instant they may be off by what other
  // threads are just doing, below zero too.
  std::atomic<std::int64_t> size_{0};
  std::atomic<std::int64_t> erased_{0};  // cells without a value
  std::atomic<std::uint64_t> promotions_{0}, sweeps_{0};
  std::atomic<Value*> replaced_{nullptr};  // a stack, pushed by any thread
  std::atomic<std::uint32_t> replaced_count_{0};

  mutable std::mutex mutex_;  // for what follows
  std::optional<Cells> dirty_;
  std::uint64_t missed_ = 0;  // lookups since the last promotion that had to ask dirty
  std::uint64_t added_ = 0;   // keys since then
  Value* waiting_ = nullptr;  // replaced values that a reader may still see
  std::vector<Retired<View>> old_views_;
  std::vector<std::unique_ptr<Cell>> swept_cells_;  // the read view still has them
  std::vector<Retired<Cell>> old_cells_;
};

}  // namespace portolan::mapcore
