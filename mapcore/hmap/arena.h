#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "mapcore/base/result.h"
#include "mapcore/hmap/record.h"

namespace portolan::mapcore::hmap {

struct ArenaOptions {
  // Address space set aside; costs no memory until used. Rounded up to 2 MiB, at most 32 GiB. Where
  // the process may not have that much, half of it is tried, and so on down to 2 MiB.
  std::uint64_t reserve_bytes = std::uint64_t{1} << 30;
  // Memory that may be used; 0 stands for everything reserved. Rounded down to whole extents. Less
  // than 128 KiB has no room for an empty map.
  std::uint64_t limit_bytes = 0;
  bool lock_memory = false;  // mlock what is used, where the process may
  bool huge_pages = true;    // of 2 MiB, behind the first 2 MiB, where the kernel may
};

struct ArenaStats {
  std::uint64_t reserved_bytes = 0;
  std::uint64_t used_bytes = 0;    // extents handed out, 64 KiB each
  std::uint64_t record_bytes = 0;  // blocks in use, by what they hold
  std::uint64_t page_bytes = 0;
  std::uint64_t node_bytes = 0;           // directory and dead lists
  std::uint64_t record_extent_bytes = 0;  // extents that hold records
  bool locked = false;
  std::uint64_t live_bytes() const { return record_bytes + page_bytes + node_bytes; }
};

// The memory of one map and of everything forked from it: one reservation of address space, cut
// into extents of 64 KiB. An extent holds one kind of block:
//
//   records  of any size class, laid end to end, so that an extent can be read from its beginning
//            (a free block begins with a zero word and its length): that is what lets the compactor
//            empty one
//   pages    of 1 KiB, aligned to 1 KiB
//   nodes    in multiples of 64 bytes, aligned to 64 bytes
//
// Blocks come from a free list of their size class (last freed, first used), else from the end of
// an extent that is being filled, else from a new extent; when there is none, from a larger free
// block. Size classes are the multiples of 8 bytes up to 504, then eight to a doubling. Larger than
// 64 KiB takes extents in a row. A block is named by its offset in units of 8 bytes, which fits 32
// bits in 32 GiB; 0 names none.
//
// Every Allocate returns null when the limit is reached; nothing else fails. One writer at a time;
// Populate() may run beside it.
class Arena {
 public:
  using Ref = std::uint32_t;
  static constexpr std::size_t kExtentBytes = std::size_t{1} << 16;
  static constexpr std::size_t kPageBytes = 1024;
  static constexpr std::uint64_t kReserveMax = std::uint64_t{32} << 30;
  enum class Kind : std::uint8_t { kFree, kRecords, kPages, kNodes };

  // Errors: kExhausted when not even 2 MiB of address space can be had.
  static Result<std::unique_ptr<Arena>> Create(const ArenaOptions& options);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` is a multiple of 8, at least 16 is taken.
  void* AllocateRecord(std::size_t bytes) {
    // What nearly every write does: takes the block that was freed last, or the next of its extent.
    const auto granules = static_cast<std::uint32_t>(bytes >> 3);
    if (granules < kMinGranules || granules >= kExactClasses || fail_from_ != kFailNever)
        [[unlikely]]
      return AllocateBlock(Kind::kRecords, bytes);
    Ref ref = records_[granules];
    if (ref != 0) {
      const Ref next = Header(ref)->next;
      records_[granules] = next;
      Header(next)->previous = 0;
    } else if (record_bump_.end - record_bump_.at >= granules) {
      ref = record_bump_.at;
      record_bump_.at += granules;
    } else {
      return AllocateBlock(Kind::kRecords, bytes);
    }
    extents_[ref >> kExtentShift].live += granules;
    Account(Kind::kRecords, granules);
    return At(ref);
  }
  void FreeRecord(void* block, std::size_t bytes) {
    const auto granules = static_cast<std::uint32_t>(bytes >> 3);
    const Ref ref = RefOf(block);
    Extent& extent = extents_[ref >> kExtentShift];
    if (granules < kMinGranules || granules >= kExactClasses || extent.evacuating) [[unlikely]]
      return FreeBlock(Kind::kRecords, block, bytes);
    extent.live -= granules;
    Account(Kind::kRecords, -std::int64_t{granules});
    PushFree(records_[granules], ref, granules);
  }
  // `bytes` is a multiple of 64.
  void* AllocateNode(std::size_t bytes) { return AllocateBlock(Kind::kNodes, bytes); }
  void FreeNode(void* block, std::size_t bytes) { FreeBlock(Kind::kNodes, block, bytes); }
  void* AllocatePage();  // its bytes are whatever they were
  void FreePage(void* page);

  Ref RefOf(const void* block) const {
    return static_cast<Ref>((static_cast<const char*>(block) - base_) >> 3);
  }
  void* At(Ref ref) const { return base_ + (std::size_t{ref} << 3); }
  Kind KindOf(Ref ref) const { return extents_[ref >> kExtentShift].kind; }
  const char* base() const { return base_; }

  // Has the kernel back the next `bytes` that will be used, so that no write waits for it. Any
  // thread, beside the writer. Does nothing where the kernel cannot.
  void Populate(std::uint64_t bytes) const;

  // What compaction needs (compaction.h). A marked extent of records hands out no block any more,
  // once its free ones are withdrawn; when its last block is freed it becomes free as a whole.
  // Extents are numbered from 0 to extents().

  // Marks an extent of which at most `percent` is in use; false where it is not, or is no such one.
  bool MarkIfSparse(std::uint32_t extent, int percent);
  // Takes the free blocks of a marked extent out of their lists, looking at `blocks` blocks; true
  // when it has seen them all.
  bool Withdraw(std::uint32_t extent, std::uint32_t blocks);
  bool Marked(Ref ref) const { return extents_[ref >> kExtentShift].evacuating; }
  std::uint32_t extents() const { return extent_count_; }
  std::uint32_t marked() const { return marked_; }
  // Lifts all marks; true when there were any. O(extents + blocks of those marked). An allocation
  // that finds no memory does it too.
  bool ResumeAll();

  // Becomes the same as `from`, block for block under the same names; what it held is gone. False,
  // and nothing changed, without room for it, or where it has used more than `from` did, or a
  // compaction of `from` is under way. As long as copying what `from` has used takes.
  bool CopyFrom(const Arena& from);

  // What a record or node of `bytes` takes.
  static std::size_t BlockBytes(std::size_t bytes) {
    return std::size_t{RoundUp(static_cast<std::uint32_t>(bytes >> 3))} << 3;
  }
  ArenaStats stats() const;
  // The most that was ever in use. Any thread, beside the writer.
  std::uint64_t high_water_bytes() const {
    return high_water_.load(std::memory_order_relaxed) * kExtentBytes;
  }
  // The n-th allocation from now on fails, and all after it; for tests of what a failure leaves.
  void FailFrom(std::uint64_t n) { fail_from_ = n; }
  void FailNever() { fail_from_ = kFailNever; }
  // Errors: kInternal naming the first broken invariant of blocks and lists.
  Status Validate() const;

 private:
  static constexpr int kExtentShift = 13;  // a Ref to its extent
  static constexpr std::uint32_t kExtentGranules = 1 << kExtentShift;
  static constexpr int kClasses = 128;
  static constexpr std::uint32_t kExactClasses = 64;  // below it a size class is its granules
  static constexpr std::uint32_t kMinGranules = 2;    // a free block holds its header
  static constexpr std::uint64_t kFailNever = UINT64_MAX;

  struct Extent {
    Kind kind = Kind::kFree;
    bool evacuating = false;     // marked by MarkIfSparse
    bool large = false;          // one block larger than half an extent, of `length` extents
    bool first = false;          // holds the place that no block has
    std::uint32_t live = 0;      // granules in use
    std::uint32_t length = 1;    // extents in a row
    std::uint32_t unusable = 0;  // granules that no block can have
    std::uint32_t parsed = 0;    // evacuating: granules seen by Withdraw
  };
  struct FreeBlockHeader {
    std::uint32_t zero;  // where a record has its birth
    std::uint32_t granules;
    Ref previous;
    Ref next;
  };
  struct Bump {
    std::uint32_t at = 0;  // granule
    std::uint32_t end = 0;
  };

  Arena(char* base, std::uint64_t reserved, std::uint64_t limit);
  // The table of extents lies behind the blocks, in the same reservation: it never moves, and costs
  // memory as extents come into use.
  static std::uint64_t TableBytes(std::uint64_t reserved);

  static int ClassOf(std::uint32_t granules);
  static std::uint32_t RoundUp(std::uint32_t granules);
  Extent& ExtentAt(std::int64_t index) { return extents_[static_cast<std::size_t>(index)]; }
  FreeBlockHeader* Header(Ref ref) const { return static_cast<FreeBlockHeader*>(At(ref)); }
  Ref* ListsOf(Kind kind) { return kind == Kind::kRecords ? records_.data() : nodes_.data(); }
  Bump& BumpOf(Kind kind) { return kind == Kind::kRecords ? record_bump_ : node_bump_; }

  void* AllocateBlock(Kind kind, std::size_t bytes);
  void FreeBlock(Kind kind, void* block, std::size_t bytes);
  Ref TakeLarger(Kind kind, std::uint32_t granules);
  void Link(Kind kind, Ref ref, std::uint32_t granules) {
    PushFree(ListsOf(kind)[ClassOf(granules)], ref, granules);
  }
  // At a list's end stands the place that no block has, whose word may be written: whether a list
  // has a second block cannot be predicted.
  void PushFree(Ref& head, Ref ref, std::uint32_t granules) {
    *Header(ref) = {0, granules, 0, head};
    Header(head)->previous = ref;
    head = ref;
  }
  void Unlink(Kind kind, Ref ref);
  std::uint32_t GranulesAt(Ref ref) const;
  void ReleaseIfEmpty(std::uint32_t extent);
  void GiveBack(Kind kind, std::uint32_t at, std::uint32_t end);
  bool Refill(Kind kind, Bump& bump);
  // Extents in a row; -1 when there are not so many.
  std::int64_t TakeExtents(Kind kind, std::uint32_t count);
  void Account(Kind kind, std::int64_t granules) {
    live_granules_[static_cast<int>(kind)] += static_cast<std::uint64_t>(granules);
  }
  bool Fails() { return fail_from_ != kFailNever && fail_from_-- == 0 && ((fail_from_ = 0), true); }

  char* base_;
  std::uint64_t reserved_;
  std::uint32_t extents_max_;
  Extent* extents_;
  std::uint32_t extent_count_ = 0;            // used so far
  std::uint32_t free_extents_ = 0;            // below the high water
  std::uint32_t first_free_ = 0;              // no free extent is below it
  std::atomic<std::uint32_t> high_water_{0};  // extents
  std::array<Ref, kClasses> records_{};
  std::array<Ref, kClasses> nodes_{};
  Bump record_bump_, node_bump_, page_bump_;
  Ref free_pages_ = 0;
  std::uint64_t live_granules_[4] = {};  // by kind
  std::uint64_t extents_of_[4] = {};     // by kind
  std::uint32_t marked_ = 0;
  std::uint64_t fail_from_ = kFailNever;
  bool locked_ = false;
};

}  // namespace portolan::mapcore::hmap
