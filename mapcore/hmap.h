#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "mapcore/hmap/arena.h"
#include "mapcore/hmap/directory.h"
#include "mapcore/hmap/epoch.h"
#include "mapcore/hmap/lineage.h"
#include "mapcore/hmap/snapshot.h"
#include "mapcore/hmap_debug.h"

namespace portolan::mapcore::hmap {
class Tree;
}  // namespace portolan::mapcore::hmap

namespace portolan::mapcore {

struct HmapOptions {
  // Of the hash. Nothing: drawn at random, which is what resists keys made to collide. A number
  // makes layout and iteration order repeatable.
  std::optional<std::uint64_t> seed = {};
  hmap::ArenaOptions memory = {};
  // For FindLive; must outlive the map and everything forked from it.
  hmap::ReaderDomain* readers = nullptr;
  // How many blocks may wait for readers and iterations to end, see waiting(): beyond it writes
  // fail as if memory was out, until one ends. Some 120 bytes each.
  std::uint32_t waiting_blocks_max = UINT32_MAX;
  hmap::HashFunction hash = nullptr;  // another hash; tests make collisions with it
  std::uint32_t first_version = 1;    // of the lineage; tests come to its last with it
  // Whether writes also move records together, a few each, when sizes that drifted have left much
  // of the memory unusable. Without it ContinueCompaction() does; for those who hold on to records.
  bool compact_on_writes = true;
};

// Of a compaction (hmap/compaction.h).
struct HmapCompaction {
  bool active = false;
  std::uint64_t marked_bytes = 0;   // extents that are being emptied, or wait for a snapshot to go
  std::uint64_t moved_records = 0;  // since the map was made
  std::uint64_t cycles = 0;
};

// A hash map of byte-string keys to opaque byte values, in the lineage of the Go runtime's map
// (8-slot buckets with a tophash byte a slot, load 13/2, a random seed, a writing flag), built so
// that it can be snapshotted in O(1), compared with an earlier self in O(changes), and read while
// it is written.
//
//   head ─▶ Top ─▶ Chunk ─▶ Page of 16 buckets ─▶ Bucket, one cache line
//           2^depth  64 pages   1 KiB                 tophash[8]  ext[8]  ref[8]  link
//                                                                             └─▶ Record, immutable
//
// The hash's highest bits choose the page (extendible hashing), its lowest the bucket in the page,
// twelve further bits and the tophash are compared before a record is looked at. So a lookup
// touches two cold lines, its bucket and its record, and a miss one.
//
// A full page (104 entries) splits in two. Nothing else ever grows at once: the longest write is a
// page split or the doubling of the top, microseconds at a million entries; there is no rehash.
// Replacing a value makes a new record and swaps one 32-bit reference.
//
// A snapshot is a copy of the head's counters and its pointer to the top, and a version counted up.
// Afterwards a write copies what it changes and is older (its page and the page's chunk, 1.6 KiB,
// and the top, 2 KiB at a million entries; each once per snapshot) and leaves the old ones to the
// snapshot. Two snapshots differ where their pointers differ.
//
// Memory is one reservation per map, shared with its snapshots and forks (hmap/arena.h); about 120
// bytes an entry for keys of 30 and values of 60 bytes. Freed blocks are used again; the last map
// or snapshot of a lineage to go returns everything at once.
//
// Invariants are listed, and checked, in hmap/validate.h.
//
// Threads: one at a time may use a Hmap, its forks included; the flag that the Go runtime calls
// hashWriting turns a second one into a fatal message when it is seen. While nobody writes, several
// may Find, FindMany and Contains; digest() and iterators keep something in the map, and are one
// thread's. Other threads may hold, read, compare, clone and release Snapshots, and read the head
// with a Reader (FindLive).
//
// Views that Find returns are valid until the next call that changes the map; those of a snapshot
// as long as the snapshot.
class Hmap {
 public:
  static constexpr std::size_t kEntryBytesMax = hmap::Record::kBytesMax;

  // Errors: kExhausted when there is no memory for an empty map.
  static Result<Hmap> Create(HmapOptions options = {});
  Hmap(Hmap&& other) noexcept;
  Hmap& operator=(Hmap&& other) noexcept;
  ~Hmap();

  std::uint64_t size() const { return branch_->head.size; }
  bool empty() const { return size() == 0; }

  // O(1), allocates nothing. Find also finds while another thread holds snapshots.
  [[gnu::always_inline]] std::optional<std::string_view> Find(std::string_view key) const {
    CheckNotWriting("concurrent map read and map write");
    const hmap::Record* record = hmap::FindRecord(branch_->head.top, key, lineage_->base());
    if (record == nullptr) return std::nullopt;
    return record->value();
  }
  // The record itself, or null; for those who keep a snapshot that holds it.
  const hmap::Record* FindRecord(std::string_view key) const {
    CheckNotWriting("concurrent map read and map write");
    return hmap::FindRecord(branch_->head.top, key, lineage_->base());
  }
  bool Contains(std::string_view key) const { return Find(key).has_value(); }
  // Find for many keys, several in flight at once: the latency of memory is paid once for a batch.
  // `values` has the length of `keys`.
  void FindMany(std::span<const std::string_view> keys,
                std::span<std::optional<std::string_view>> values) const;
  // Asks for the memory that writing these keys will touch, all at once, and does not wait for the
  // last of it. At most kPrefetch keys. Changes nothing, whatever the keys are.
  static constexpr std::size_t kPrefetch = hmap::kFlight;
  void Prefetch(std::span<const std::string_view> keys) const;
  // Calls each(item), which puts, erases or upserts key_of(item), for every item in order, and
  // returns its first error. The latency of memory is paid once for kPrefetch items: see Prefetch.
  template <typename Item, typename KeyOf, typename Each>
  Status ForEachInFlights(std::span<const Item> items, const KeyOf& key_of, const Each& each) {
    std::string_view keys[kPrefetch];
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i % kPrefetch == 0) {
        const std::size_t few = std::min(kPrefetch, items.size() - i);
        for (std::size_t k = 0; k < few; ++k) keys[k] = key_of(items[i + k]);
        Prefetch(std::span(keys).first(few));
      }
      PORTOLAN_CHECK(each(items[i]));
    }
    return {};
  }
  // Find from any thread that has a Reader of the map's domain, beside the one writer. Valid within
  // the reader's ReadScope, which must be open.
  std::optional<std::string_view> FindLive(const hmap::ReadScope&, std::string_view key) const {
    for (const hmap::Top* top = hmap::Load(branch_->head.top);;) {
      const hmap::Record* record = hmap::FindRecord(top, key, lineage_->base());
      if (record != nullptr) return record->value();
      if (hmap::Load(top->old) == nullptr) [[likely]]
        return std::nullopt;
      // It may have moved to where a top that was replaced meanwhile does not lead.
      const hmap::Top* now = hmap::Load(branch_->head.top);
      if (now == top) return std::nullopt;
      top = now;
    }
  }

  // What follows changes the map or fails and changes nothing. Errors: kExhausted when the map's
  // memory is full; kInvalid for an entry larger than kEntryBytesMax.

  // Inserts or overwrites; true when the key is new.
  Result<bool> Put(std::string_view key, std::string_view value);
  // Inserts unless the key is there; true when it was not.
  Result<bool> Insert(std::string_view key, std::string_view value);
  // Sets the key to update(current value, or nothing), called exactly once and before anything is
  // changed; it must not use the map. True when the key is new.
  template <typename Update>
  Result<bool> Upsert(std::string_view key, Update&& update) {
    const Writing writing(*this);
    const hmap::Record* record = hmap::FindRecord(branch_->head.top, key, lineage_->base());
    const std::string value =
        update(record == nullptr ? std::nullopt : std::optional(record->value()));
    return Write(key, value, Mode::kPut);
  }
  // True when the key was there.
  Result<bool> Erase(std::string_view key);
  // Erases all, and draws a new seed unless one was set. O(what no snapshot has). The memory stays,
  // for what comes.
  Status Clear();
  // Prepares an empty map for `entries`, so that filling it splits no page; of a map that is not
  // empty it only backs the memory. Hints below 0 count as 0; above 2^24 as 2^24.
  Status Reserve(std::int64_t entries);

  // Has the kernel back the next `bytes` of the map's memory now, so that no write waits for it:
  // what Reserve() does for entries of some 120 bytes. Any thread, beside the writer, as often as
  // it likes. Does nothing where the kernel cannot.
  void Populate(std::uint64_t bytes) const {
    lineage_->arena().Populate(std::min(bytes, hmap::Arena::kReserveMax));
  }

  // Moves the entries to a table under another seed, a few with each write; lookups go on. A map
  // does it by itself when so many keys collide that a page overflows. Errors: kConflict while one
  // is under way, or an iteration.
  Status StartReseed();
  // Moves them back, likewise. Does nothing when none is under way. Errors: kConflict during an
  // iteration.
  Status AbandonReseed();
  // A write's worth of it without a write; true while there is more to do.
  bool ContinueReseed();

  // Begins to move records together, also where the map would not see a gain. Errors: kConflict
  // while that is under way, or a relocation, or an iteration.
  Status StartCompaction();
  // A write's worth of it without a write, begun where there is something to gain; the records that
  // were moved, as they are now, are added to `moved`. True while there is more to do.
  bool ContinueCompaction(std::vector<const hmap::Record*>* moved = nullptr);
  // Leaves the rest where it is. O(what was to be emptied).
  void AbandonCompaction();
  HmapCompaction compaction() const;

  // A frozen view of this moment, O(1). `version` and `timestamp_ms` are the caller's. Errors:
  // kExhausted, also when a lineage has given 2^32 of them; make the map anew with CloneMap() then.
  Result<Snapshot> TakeSnapshot(std::uint64_t version, std::int64_t timestamp_ms);
  // A map that begins as `snapshot` and is written on its own. O(1). Errors: kInvalid when the
  // snapshot is of another lineage.
  Result<Hmap> Fork(const Snapshot& snapshot);
  // `fork`, of this map or of a fork of it (of another the program ends with a message, and so
  // under another seed during an iteration), goes on as this map, in one store for those who read
  // with a Reader; what this was remains in its snapshots.
  void Promote(Hmap&& fork);

  // Equal for equal contents under equal seeds, whatever the order of writes; different otherwise,
  // but for 2^-64.
  // The sum of EntryDigest over the entries. No write pays for it: it is added up when it is asked
  // for, and kept per page and chunk. So the first call reads every entry, a call after k writes
  // the entries of the pages written since, and a call after none is O(1).
  std::uint64_t digest() const;
  // Frees what released snapshots alone had kept; TakeSnapshot() does it too.
  void Collect();
  HmapDebug debug() const;
  hmap::ArenaStats memory() const { return lineage_->arena().stats(); }
  // Blocks that nobody finds any more and that cannot be freed before a ReadScope or an iteration
  // ends: what a reader that stands still costs. No write waits for it; at the memory's limit, or
  // at HmapOptions::waiting_blocks_max, one fails. O(blocks).
  hmap::Lineage::Waiting waiting() const { return lineage_->waiting(); }
  hmap::Lineage& lineage() const { return *lineage_; }
  const hmap::Branch& branch() const { return *branch_; }

 private:
  friend class HmapIterator;
  friend Result<Hmap> CloneContents(const hmap::Lineage& lineage, const hmap::Contents& contents,
                                    HmapOptions options);
  friend Result<Hmap> CloneMap(Hmap& map, HmapOptions options);
  // Marks the map, and the memory that it shares with its forks, as being written for as long as it
  // lives. A fork is written by the same thread, but may be read while another one is written.
  class Writing {
   public:
    // Plain loads and stores, as in the Go runtime: a locked instruction would wait for every store
    // of the write before it. So a second writer is seen at its beginning or at an end: of two that
    // began at once, the memory names one, and the other ends with the message.
    explicit Writing(const Hmap& map)
        : flags_(map.branch_->flags), memory_(map.lineage_->writing()) {
      const std::uint32_t flags = flags_.load(std::memory_order_relaxed);
      if ((flags & HmapDebug::kWriting) != 0 || memory_.load(std::memory_order_relaxed) != nullptr)
          [[unlikely]]
        Fatal("concurrent map writes");
      flags_.store(flags | HmapDebug::kWriting, std::memory_order_relaxed);
      memory_.store(this, std::memory_order_relaxed);
      ++map.branch_->mutations;
    }
    ~Writing() {
      const std::uint32_t flags = flags_.load(std::memory_order_relaxed);
      if ((flags & HmapDebug::kWriting) == 0 || memory_.load(std::memory_order_relaxed) != this)
          [[unlikely]]
        Fatal("concurrent map writes");
      flags_.store(flags & ~HmapDebug::kWriting, std::memory_order_relaxed);
      memory_.store(nullptr, std::memory_order_relaxed);
    }
    Writing(const Writing&) = delete;

   private:
    std::atomic<std::uint32_t>& flags_;
    std::atomic<const void*>& memory_;
  };

  Hmap(hmap::Lineage* lineage, hmap::Branch* branch, std::optional<std::uint64_t> seed,
       bool compacts);

  void CheckNotWriting(const char* what) const {
    if ((branch_->flags.load(std::memory_order_relaxed) & HmapDebug::kWriting) != 0) [[unlikely]]
      Fatal(what);
  }
  // Iterators point at their map.
  void CheckNotIterated(const char* what) const {
    if (branch_ != nullptr && branch_->iterators != 0) [[unlikely]]
      Fatal(what);
  }
  [[noreturn]] static void Fatal(const char* what);
  static Error OutOfMemory(const hmap::Lineage& lineage);
  struct Target;
  Target Aim(hmap::Tree& tree, std::uint64_t hash, std::string_view key) const;
  Target AimInTwo(hmap::Tree& tree, const Target& target, std::string_view key) const;
  enum class After { kPut, kErase };
  // What a write does besides: moves a relocation on, or begins one when overflow pages have come.
  void Maintain(After after = After::kPut) {
    const hmap::Contents& head = branch_->head;
    if (head.top->old != nullptr || head.overflow_pages != 0) [[unlikely]]
      MaintainNow();
    if (compacts_ && --lineage_->compaction().writes_to_look == 0) [[unlikely]]
      CompactNow(after);
  }
  void CompactNow(After after);
  void MaintainNow();
  std::uint64_t NextSeed() const;
  enum class Mode { kPut, kInsert };
  template <typename Attempt>
  auto Retry(const Attempt& attempt);
  Result<bool> Write(std::string_view key, std::string_view value, Mode mode);
  // As Write and Erase; nothing, and nothing changed, when memory is out.
  std::optional<bool> TryWrite(std::string_view key, std::string_view value, Mode mode);
  // Null when memory is out. `record` may be that too, and is freed where it is not placed.
  hmap::Record* NewRecord(std::string_view key, std::string_view value) const;
  std::optional<bool> Place(hmap::Tree& tree, const Target& target, hmap::Record* record);
  std::optional<bool> TryErase(std::string_view key);
  bool BeginAnew(std::uint64_t prepared_seed, std::uint32_t depth);
  // Of a map that was just made. False when memory is out.
  bool BecomeCopyOf(const hmap::Lineage& lineage, const hmap::Contents& contents);
  // As one piece; false, and nothing changed, where that cannot be.
  bool BecomeCopyOf(const Hmap& map);
  void Leave();

  hmap::Lineage* lineage_;
  hmap::Branch* branch_ = nullptr;
  std::optional<std::uint64_t> seed_;
  bool compacts_ = true;
};

}  // namespace portolan::mapcore
