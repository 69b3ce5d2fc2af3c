#include "mapcore/hmap/compaction.h"

#include <algorithm>

namespace portolan::mapcore::hmap {
namespace {

constexpr std::uint64_t kWasteMin = 4 * Arena::kExtentBytes;  // below it nobody gains
// As much as a cycle may mark: what it moves exists twice until the end of the cycle.
constexpr std::uint32_t kMarkedShare = 4;
constexpr std::uint32_t kMarkedMin = 4;
// Bounds of one step of marking.
constexpr std::uint32_t kExtentsPerStep = 64;
constexpr std::uint32_t kBlocksPerStep = 64;
constexpr std::uint64_t kChangedShare = 8;

bool Changed(std::uint64_t now, std::uint64_t then) {
  return kChangedShare * (now > then ? now - then : then - now) > now;
}

}  // namespace

bool Compaction::Worthwhile(int waste_percent) const {
  const ArenaStats memory = lineage_.arena().stats();
  const std::uint64_t waste = memory.record_extent_bytes - memory.record_bytes;
  if (waste < kWasteMin ||
      100 * waste < static_cast<std::uint64_t>(waste_percent) * memory.record_extent_bytes)
    return false;
  // A cycle that found nothing to gain is not repeated before sizes have moved: waste may be of a
  // kind that moving cannot mend, as blocks that snapshots keep.
  if (!Changed(memory.record_bytes, state_.record_bytes_then) &&
      !Changed(memory.record_extent_bytes, state_.extent_bytes_then))
    return false;
  return lineage_.counts().heads == 1;  // what another head shares would stay where it is
}

// In two passes. First extents are chosen and their free blocks withdrawn, so that what is moved
// does not come to lie in an extent that is to be emptied; then the table is walked in the order of
// hashes, and what lies in a chosen extent is moved. By extents instead it would need a way from a
// record to its slot, which is a lookup; and a page that a snapshot shares would be copied once per
// record.
void Compaction::Begin() {
  const auto extents = static_cast<std::uint32_t>(lineage_.arena().stats().record_extent_bytes /
                                                  Arena::kExtentBytes);
  state_.phase = CompactionState::Phase::kMarking;
  state_.owner = &branch_;
  state_.marks_left = std::max(extents / kMarkedShare, kMarkedMin);
  state_.looked_at = 0;
  state_.extent_bytes_then = lineage_.arena().stats().record_extent_bytes;
  state_.withdrawing = false;
}

void Compaction::Step(std::vector<const Record*>* moved) {
  if (state_.owner != &branch_ || lineage_.iterating() || branch_.head.top->old != nullptr) return;
  switch (state_.phase) {
    case CompactionState::Phase::kIdle:
      return;
    case CompactionState::Phase::kMarking:
      return Mark();
    case CompactionState::Phase::kMoving:
      return Move(moved);
  }
}

// Goes on from the extent where the last cycle stopped, around all of them at most once.
void Compaction::Mark() {
  Arena& arena = lineage_.arena();
  if (state_.withdrawing) {
    state_.withdrawing = !arena.Withdraw(state_.extent, kBlocksPerStep);
    return;
  }
  for (std::uint32_t i = 0; i < kExtentsPerStep; ++i) {
    if (state_.looked_at >= arena.extents() || state_.marks_left == 0) {
      if (arena.marked() == 0) return End();
      state_.phase = CompactionState::Phase::kMoving;
      state_.cursor = 0;
      state_.bucket = 0;
      return;
    }
    ++state_.looked_at;
    state_.extent = (state_.extent + 1) % arena.extents();
    if (arena.MarkIfSparse(state_.extent, kSparsePercent)) {
      --state_.marks_left;
      state_.withdrawing = true;
      return;
    }
  }
}

void Compaction::Move(std::vector<const Record*>* moved) {
  Arena& arena = lineage_.arena();
  const PageSpan span = SpanAt(*branch_.head.top, state_.cursor);
  const Page* page = span.page;
  // Buckets are counted on through the overflow pages.
  for (std::uint32_t skip = state_.bucket / Page::kBuckets; skip > 0 && page != nullptr; --skip)
    page = page->overflow() == 0 ? nullptr : static_cast<Page*>(arena.At(page->overflow()));
  if (page == nullptr) {
    state_.cursor = span.last + 1;
    state_.bucket = 0;
    if (state_.cursor == 0) End();
    return;
  }
  Arena::Ref refs[8 * kBucketsPerStep];
  std::uint32_t count = 0;
  const std::uint32_t first = state_.bucket % Page::kBuckets;
  for (std::uint32_t b = first; b < first + kBucketsPerStep; ++b)
    for (SlotBytes used = UsedSlots(page->buckets[b].tops); used != 0; used &= used - 1) {
      const Arena::Ref ref = page->buckets[b].refs[FirstSlot(used)];
      if (!arena.Marked(ref)) continue;
      __builtin_prefetch(arena.At(ref));
      refs[count++] = ref;
    }
  // Nothing throws behind a move, whose name somebody has to get.
  if (moved != nullptr && moved->capacity() - moved->size() < count)
    moved->reserve(std::max<std::size_t>(2 * moved->size(), moved->size() + count));
  // A page that was not yet its branch's own is copied by the first move, with its slots where they
  // were; `page` is not looked at any more.
  for (std::uint32_t i = 0; i < count; ++i)
    if (!MoveRecord(refs[i], moved)) return;
  state_.bucket += kBucketsPerStep;
}

// An overwrite with the same bytes, in all that matters to others: snapshots and readers keep the
// old record, whose block is freed when the last of them goes.
bool Compaction::MoveRecord(Arena::Ref ref, std::vector<const Record*>* moved) {
  if (!lineage_.PrepareRoomIfShared(branch_, 8)) return false;
  Arena& arena = lineage_.arena();
  const Record& record = *lineage_.RecordAt(ref);
  const std::size_t bytes = record.bytes();
  void* memory = arena.AllocateRecord(bytes);
  if (memory == nullptr) return false;
  const Record* copy = Record::Make(memory, lineage_.version(), record.key(), record.value());
  const std::uint64_t hash = branch_.head.top->HashOf(record.key());
  const Slot slot = tree_.FindRef(*branch_.head.top, hash, ref);
  if (!tree_.Replace(tree_.primary(), hash, slot, arena.RefOf(memory))) {
    arena.FreeRecord(memory, bytes);
    return false;
  }
  ++state_.moved;
  if (moved != nullptr) moved->push_back(copy);
  return true;
}

void Compaction::End() {
  const ArenaStats memory = lineage_.arena().stats();
  state_.phase = CompactionState::Phase::kIdle;
  ++state_.cycles;
  // A cycle that has gained something may be followed by the next at once.
  if (Changed(memory.record_extent_bytes, state_.extent_bytes_then)) {
    state_.record_bytes_then = 0;
    state_.extent_bytes_then = 0;
    return;
  }
  state_.record_bytes_then = memory.record_bytes;
  state_.extent_bytes_then = memory.record_extent_bytes;
}

}  // namespace portolan::mapcore::hmap
