#include "mapcore/hmap/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <string>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace portolan::mapcore::hmap {
namespace {

constexpr std::uint64_t kHugeBytes = std::uint64_t{2} << 20;
constexpr std::uint32_t kPageGranules = Arena::kPageBytes / 8;
// Pages lie together, so that the bucket of a lookup is within few huge pages (a miss reads nothing
// else): once a map is large they take this many extents in a row, never more than a sixteenth of
// what the map has.
constexpr std::uint32_t kPageExtentsMax = 32;
constexpr std::uint32_t kPageExtentsShare = 16;

// Address space, or null; aligned to huge pages when it is more than one of them.
char* Reserve(std::uint64_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (bytes <= kHugeBytes + 4096) {
    void* small = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
    return small == MAP_FAILED ? nullptr : static_cast<char*>(small);
  }
  void* raw = mmap(nullptr, bytes + kHugeBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  const auto at = reinterpret_cast<std::uintptr_t>(raw);
  const std::uintptr_t aligned = (at + kHugeBytes - 1) & ~(kHugeBytes - 1);
  if (aligned > at) munmap(raw, aligned - at);
  const std::uint64_t tail = at + kHugeBytes - aligned;
  if (tail > 0) munmap(reinterpret_cast<char*>(aligned) + bytes, tail);
  return reinterpret_cast<char*>(aligned);
}

}  // namespace

Result<std::unique_ptr<Arena>> Arena::Create(const ArenaOptions& options) {
  const std::uint64_t wanted = std::clamp(options.reserve_bytes, kHugeBytes, kReserveMax);
  std::uint64_t bytes = (wanted + kHugeBytes - 1) & ~(kHugeBytes - 1);
  char* base = Reserve(bytes + TableBytes(bytes));
  for (; base == nullptr && bytes > kHugeBytes; base = Reserve(bytes + TableBytes(bytes)))
    bytes = (bytes / 2) & ~(kHugeBytes - 1);
  if (base == nullptr)
    return Error{ErrorCode::kExhausted,
                 "a map's memory: expected at least 2 MiB of free address space, found none; raise "
                 "the process's limit (ulimit -v)"};
  std::unique_ptr<Arena> arena(new (std::nothrow) Arena(base, bytes, options.limit_bytes));
  if (arena == nullptr) {
    munmap(base, bytes + TableBytes(bytes));
    return Error{ErrorCode::kExhausted, "a map: expected memory of the heap for it, found none"};
  }
  // What grows beyond the first 2 MiB is worth huge pages; a small map would waste one. The calls
  // only advise.
  if (bytes > kHugeBytes && options.huge_pages)
    madvise(base + kHugeBytes, bytes - kHugeBytes, MADV_HUGEPAGE);
  if (options.lock_memory) arena->locked_ = mlock2(base, bytes, MLOCK_ONFAULT) == 0;
  return arena;
}

Arena::Arena(char* base, std::uint64_t reserved, std::uint64_t limit)
    : base_(base),
      reserved_(reserved),
      extents_max_(static_cast<std::uint32_t>((limit == 0 ? reserved : std::min(limit, reserved)) /
                                              kExtentBytes)),
      extents_(reinterpret_cast<Extent*>(base + reserved)) {}

Arena::~Arena() {
  munmap(base_, reserved_ + TableBytes(reserved_));
}

// In whole pages of memory. The kernel's zeros are what an unused extent is (kFree, nothing live).
std::uint64_t Arena::TableBytes(std::uint64_t reserved) {
  return (reserved / kExtentBytes * sizeof(Extent) + 4095) & ~std::uint64_t{4095};
}

int Arena::ClassOf(std::uint32_t granules) {
  if (granules < kExactClasses) return static_cast<int>(granules);
  const auto power = static_cast<std::uint32_t>(std::bit_width(granules) - 1);
  return static_cast<int>(kExactClasses + (power - 6) * 8 + (granules >> (power - 3)) - 8);
}

std::uint32_t Arena::RoundUp(std::uint32_t granules) {
  if (granules < kExactClasses) return std::max(granules, kMinGranules);
  const std::uint32_t step = 1u << (std::bit_width(granules) - 4);
  return (granules + step - 1) & ~(step - 1);
}

std::int64_t Arena::TakeExtents(Kind kind, std::uint32_t count) {
  std::uint32_t begin = extent_count_;
  if (free_extents_ >= count) {
    std::uint32_t run = 0;
    for (std::uint32_t i = first_free_; i < extent_count_ && run < count; ++i) {
      run = extents_[i].kind == Kind::kFree ? run + 1 : 0;
      if (run == count) begin = i + 1 - count;
    }
  }
  if (begin == extent_count_) {
    // Free ones at the end go on into those that were never used.
    while (begin > first_free_ && extents_[begin - 1].kind == Kind::kFree) --begin;
    if (begin + count > extents_max_) return -1;
    free_extents_ -= extent_count_ - begin;
    extent_count_ = begin + count;
    high_water_.store(begin + count, std::memory_order_relaxed);
  } else {
    free_extents_ -= count;
  }
  if (begin <= first_free_) first_free_ = std::max(first_free_, begin + count);
  for (std::uint32_t i = begin; i < begin + count; ++i) extents_[i] = {.kind = kind};
  extents_of_[static_cast<int>(kind)] += count;
  extents_[begin].length = count;
  return begin;
}

// A new extent to fill from its beginning; what was left of the one before becomes free blocks.
bool Arena::Refill(Kind kind, Bump& bump) {
  std::uint32_t count = kind == Kind::kPages ? std::clamp(extent_count_ / kPageExtentsShare,
                                                          std::uint32_t{1}, kPageExtentsMax)
                                             : 1;
  std::int64_t extent = TakeExtents(kind, count);
  if (extent < 0 && count > 1) extent = TakeExtents(kind, count = 1);
  if (extent < 0) return false;
  ExtentAt(extent).length = 1;
  GiveBack(kind, bump.at, bump.end);
  bump.at = static_cast<std::uint32_t>(extent) << kExtentShift;
  bump.end = bump.at + count * kExtentGranules;
  if (bump.at != 0) return true;
  bump.at = kPageGranules;  // no block is named 0
  extents_[0].unusable = kPageGranules;
  if (kind != Kind::kRecords) return true;
  *Header(0) = {0, kPageGranules, 0, 0};
  extents_[0].first = true;
  return true;
}

// The rest of an extent, as free blocks.
void Arena::GiveBack(Kind kind, std::uint32_t at, std::uint32_t end) {
  if (kind == Kind::kPages) {
    for (; at < end; at += kPageGranules) {
      *static_cast<Ref*>(At(at)) = free_pages_;
      free_pages_ = at;
    }
    return;
  }
  // In pieces that are of a size class exactly: a free block is found again by the class of its
  // size, and must hold every block of that class.
  while (at < end) {
    std::uint32_t granules = std::min(end - at, kExtentGranules / 2);
    while (RoundUp(granules) != granules && granules > 1) --granules;
    if (granules >= kMinGranules) {
      Link(kind, at, granules);
    } else {  // too small for a free block: lost until the extent is emptied
      const std::uint32_t header[2] = {0, granules};
      std::memcpy(At(at), header, sizeof header);
      extents_[at >> kExtentShift].unusable += granules;
    }
    at += granules;
  }
}

void Arena::Unlink(Kind kind, Ref ref) {
  FreeBlockHeader* block = Header(ref);
  if (block->next != 0) Header(block->next)->previous = block->previous;
  if (block->previous != 0)
    Header(block->previous)->next = block->next;
  else
    ListsOf(kind)[ClassOf(block->granules)] = block->next;
}

// When nothing else is left: a free block of a larger class, its rest given back.
Arena::Ref Arena::TakeLarger(Kind kind, std::uint32_t granules) {
  Ref* lists = ListsOf(kind);
  for (int c = ClassOf(granules) + 1; c < kClasses; ++c) {
    const Ref ref = lists[c];
    if (ref == 0) continue;
    const std::uint32_t whole = Header(ref)->granules;
    Unlink(kind, ref);
    GiveBack(kind, ref + granules, ref + whole);
    return ref;
  }
  return 0;
}

void* Arena::AllocateBlock(Kind kind, std::size_t bytes) {
  if (Fails()) return nullptr;
  const std::uint32_t granules = RoundUp(static_cast<std::uint32_t>(bytes >> 3));
  if (granules > kExtentGranules / 2) [[unlikely]] {
    const std::uint32_t count = (granules + kExtentGranules - 1) >> kExtentShift;
    // The first extent's beginning is not a block: skip it by filling it with something small.
    if (extent_count_ == 0 && !Refill(kind, BumpOf(kind))) return nullptr;
    const std::int64_t extent = TakeExtents(kind, count);
    if (extent < 0) return nullptr;
    ExtentAt(extent).live = granules;
    for (std::uint32_t i = 0; i < count; ++i) ExtentAt(extent + i).large = true;
    Account(kind, granules);
    return At(static_cast<Ref>(extent) << kExtentShift);
  }
  Ref ref = ListsOf(kind)[ClassOf(granules)];
  Bump& bump = BumpOf(kind);
  if (ref != 0) {
    Unlink(kind, ref);
  } else if (bump.end - bump.at >= granules || Refill(kind, bump)) {
    ref = bump.at;
    bump.at += granules;
  } else if ((ref = TakeLarger(kind, granules)) == 0) {
    // Room that compaction keeps back is better used than none.
    return ResumeAll() ? AllocateBlock(kind, bytes) : nullptr;
  }
  extents_[ref >> kExtentShift].live += granules;
  Account(kind, granules);
  return At(ref);
}

void Arena::FreeBlock(Kind kind, void* block, std::size_t bytes) {
  const Ref ref = RefOf(block);
  const std::uint32_t granules = RoundUp(static_cast<std::uint32_t>(bytes >> 3));
  const std::uint32_t index = ref >> kExtentShift;
  Extent& extent = extents_[index];
  assert(extent.kind == kind && extent.live >= granules);
  extent.live -= granules;
  Account(kind, -std::int64_t{granules});
  if (granules > kExtentGranules / 2) {
    const std::uint32_t count = extent.length;
    for (std::uint32_t i = index; i < index + count; ++i) extents_[i] = Extent{};
    // Given back at once: megabytes are too much to keep for a size that may not come again.
    madvise(block, count * kExtentBytes, MADV_DONTNEED);
    free_extents_ += count;
    extents_of_[static_cast<int>(kind)] -= count;
    first_free_ = std::min(first_free_, index);
    return;
  }
  if (extent.evacuating && (ref & (kExtentGranules - 1)) < extent.parsed)
    *Header(ref) = {0, granules, 0, 0};  // not for use again
  else
    Link(kind, ref, granules);
  if (extent.evacuating) ReleaseIfEmpty(index);
}

void* Arena::AllocatePage() {
  if (Fails()) return nullptr;
  Ref ref = free_pages_;
  if (ref != 0) {
    free_pages_ = *static_cast<Ref*>(At(ref));
  } else {
    if (page_bump_.at == page_bump_.end && !Refill(Kind::kPages, page_bump_)) return nullptr;
    ref = page_bump_.at;
    page_bump_.at += kPageGranules;
  }
  extents_[ref >> kExtentShift].live += kPageGranules;
  Account(Kind::kPages, kPageGranules);
  return At(ref);
}

void Arena::FreePage(void* page) {
  const Ref ref = RefOf(page);
  extents_[ref >> kExtentShift].live -= kPageGranules;
  Account(Kind::kPages, -std::int64_t{kPageGranules});
  *static_cast<Ref*>(page) = free_pages_;
  free_pages_ = ref;
}

// From the beginning, not from the high water: the extents that are being filled begin before it,
// and their untouched ends are what the next writes take. What is backed already costs a look at
// its page table, one a huge page.
void Arena::Populate(std::uint64_t bytes) const {
  const std::uint64_t used = high_water_bytes();
  const std::uint64_t end =
      std::min(used + bytes, std::uint64_t{extents_max_} * kExtentBytes) & ~std::uint64_t{4095};
  if (end == 0) return;
  madvise(base_, end, MADV_POPULATE_WRITE);
  const std::uint64_t table = (end / kExtentBytes + 1) * sizeof(Extent);
  madvise(base_ + reserved_, std::min((table + 4095) & ~std::uint64_t{4095}, TableBytes(reserved_)),
          MADV_POPULATE_WRITE);
}

// Not the extents that are being filled, whose end has no blocks yet, nor the first, which holds
// the place that no block has.
bool Arena::MarkIfSparse(std::uint32_t index, int percent) {
  Extent& extent = extents_[index];
  const std::uint32_t most = kExtentGranules / 100 * static_cast<std::uint32_t>(percent);
  const bool filling = record_bump_.end != 0 && index == (record_bump_.end - 1) >> kExtentShift;
  if (extent.kind != Kind::kRecords || extent.evacuating || extent.large || extent.first ||
      filling || extent.live > most)
    return false;
  extent.evacuating = true;
  extent.parsed = 0;
  ++marked_;
  return true;
}

bool Arena::Withdraw(std::uint32_t index, std::uint32_t blocks) {
  Extent& extent = extents_[index];
  if (!extent.evacuating) return true;  // the mark was lifted meanwhile
  const Ref first = index << kExtentShift;
  for (; blocks > 0 && extent.parsed < kExtentGranules; --blocks) {
    const Ref ref = first + extent.parsed;
    extent.parsed += GranulesAt(ref);
    const FreeBlockHeader* block = Header(ref);
    if (block->zero == 0 && block->granules >= kMinGranules) Unlink(Kind::kRecords, ref);
  }
  if (extent.parsed < kExtentGranules) return false;
  ReleaseIfEmpty(index);
  return true;
}

// Of the block that begins there, in use or free.
std::uint32_t Arena::GranulesAt(Ref ref) const {
  const FreeBlockHeader* block = Header(ref);
  if (block->zero == 0) return block->granules;
  return RoundUp(static_cast<std::uint32_t>(static_cast<Record*>(At(ref))->bytes() >> 3));
}

void Arena::ReleaseIfEmpty(std::uint32_t index) {
  Extent& extent = extents_[index];
  if (extent.live > 0 || extent.parsed < kExtentGranules) return;
  extent = Extent{};
  --marked_;
  --extents_of_[static_cast<int>(Kind::kRecords)];
  ++free_extents_;
  first_free_ = std::min(first_free_, index);
}

// What was withdrawn is linked again, block by block, from the part of each extent that was looked
// at; the rest was never out of its lists.
bool Arena::ResumeAll() {
  if (marked_ == 0) return false;
  for (std::uint32_t i = 0; i < extent_count_; ++i) {
    Extent& extent = extents_[i];
    if (!extent.evacuating) continue;
    const Ref first = i << kExtentShift;
    for (std::uint32_t at = 0; at < extent.parsed;) {
      const std::uint32_t granules = GranulesAt(first + at);
      if (Header(first + at)->zero == 0 && granules >= kMinGranules)
        Link(Kind::kRecords, first + at, granules);
      at += granules;
    }
    extent.evacuating = false;
    extent.parsed = 0;
  }
  marked_ = 0;
  return true;
}

bool Arena::CopyFrom(const Arena& from) {
  if (from.extent_count_ > extents_max_ || from.extent_count_ < extent_count_ || from.marked_ != 0)
    return false;
  Populate(std::uint64_t{from.extent_count_} * kExtentBytes);  // at once, not fault by fault
  std::memcpy(base_, from.base_, std::size_t{from.extent_count_} * kExtentBytes);
  std::copy_n(from.extents_, from.extent_count_, extents_);
  extent_count_ = from.extent_count_;
  free_extents_ = from.free_extents_;
  first_free_ = from.first_free_;
  high_water_.store(extent_count_, std::memory_order_relaxed);
  records_ = from.records_;
  nodes_ = from.nodes_;
  record_bump_ = from.record_bump_;
  node_bump_ = from.node_bump_;
  page_bump_ = from.page_bump_;
  free_pages_ = from.free_pages_;
  std::copy_n(from.live_granules_, 4, live_granules_);
  std::copy_n(from.extents_of_, 4, extents_of_);
  return true;
}

ArenaStats Arena::stats() const {
  const auto bytes = [&](Kind kind) { return live_granules_[static_cast<int>(kind)] * 8; };
  return {.reserved_bytes = reserved_,
          .used_bytes = (extent_count_ - free_extents_) * kExtentBytes,
          .record_bytes = bytes(Kind::kRecords),
          .page_bytes = bytes(Kind::kPages),
          .node_bytes = bytes(Kind::kNodes),
          .record_extent_bytes = extents_of_[static_cast<int>(Kind::kRecords)] * kExtentBytes,
          .locked = locked_};
}

// Every granule of a kind's extents is live, in a free list, or not handed out yet.
Status Arena::Validate() const {
  const auto broken = [](const std::string& what) { return Error{ErrorCode::kInternal, what}; };
  std::uint64_t live[4] = {};
  std::uint64_t capacity[4] = {};
  std::uint64_t unusable[4] = {};
  std::uint64_t withdrawn = 0;
  for (std::uint32_t i = 0; i < extent_count_; i += extents_[i].length) {
    const Extent& extent = extents_[i];
    const auto kind = static_cast<int>(extent.kind);
    live[kind] += extent.live;
    capacity[kind] += extent.large ? extent.live : kExtentGranules;
    unusable[kind] += extent.unusable;
    for (std::uint32_t at = 0; at < extent.parsed;) {
      const Ref ref = (i << kExtentShift) + at;
      at += GranulesAt(ref);
      if (Header(ref)->zero == 0 && Header(ref)->granules >= kMinGranules)
        withdrawn += Header(ref)->granules;
    }
  }
  for (const Kind kind : {Kind::kRecords, Kind::kNodes, Kind::kPages}) {
    const auto k = static_cast<int>(kind);
    if (live[k] != live_granules_[k]) return broken("arena: live blocks are miscounted");
    std::uint64_t found = live[k] + unusable[k] + (kind == Kind::kRecords ? withdrawn : 0);
    const Bump& bump = kind == Kind::kRecords ? record_bump_
                       : kind == Kind::kNodes ? node_bump_
                                              : page_bump_;
    found += bump.end - bump.at;
    if (kind == Kind::kPages) {
      for (Ref ref = free_pages_; ref != 0; ref = *static_cast<Ref*>(At(ref)))
        found += kPageGranules;
    } else {
      for (const Ref head : kind == Kind::kRecords ? records_ : nodes_)
        for (Ref ref = head; ref != 0; ref = Header(ref)->next) {
          if (Header(ref)->zero != 0 || KindOf(ref) != kind)
            return broken("arena: a block in use is in a free list");
          found += Header(ref)->granules;
        }
    }
    if (found != capacity[k])
      return broken("arena: " + std::to_string(found) + " granules of kind " + std::to_string(k) +
                    " are accounted for, expected " + std::to_string(capacity[k]));
  }
  return {};
}

}  // namespace portolan::mapcore::hmap
