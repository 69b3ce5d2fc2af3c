#include "mapcore/hmap/relocation.h"

#include <bit>
#include <utility>

namespace portolan::mapcore::hmap {
namespace {

// Entries a step. A page may hold 104 and, where keys were made to collide, any number more in its
// overflow pages; a write shall not wait for all of them.
constexpr std::size_t kEntriesPerStep = 16;
// Pairs of chunks a step: some three blocks each to retire, and what a snapshot has to be copied.
constexpr int kFoldsPerStep = 4;

}  // namespace

// The cursor comes round to 0 with the old table's last page, and only then.
RelocationPhase PhaseOf(const Contents& contents) {
  if (contents.top->old == nullptr) return RelocationPhase::kInit;
  if (contents.waits_for_epoch != 0) return RelocationPhase::kPrepare;
  return contents.evacuated > 0 && contents.cursor == 0 ? RelocationPhase::kCommit
                                                        : RelocationPhase::kRelocating;
}

HmapDebug DebugOf(const Contents& contents) {
  HmapDebug debug;
  debug.count = contents.size;
  if (contents.top->old != nullptr) debug.flags = HmapDebug::kSameSizeGrow;
  debug.oldbuckets = contents.old_pages_at_first * Page::kBuckets;
  debug.nevacuate = contents.evacuated * Page::kBuckets;
  debug.buckets = contents.pages * Page::kBuckets;
  debug.B = static_cast<std::uint32_t>(std::bit_width(debug.buckets - 1));
  debug.noverflow = contents.overflow_pages * Page::kBuckets;
  debug.phase = PhaseOf(contents);
  debug.hash0 = Fold(contents.top->seed ^ kHashWords[2], kHashWords[3]);
  return debug;
}

// A reader that loaded the top before this looks into one table only. Were entries moved under it,
// it could look into the old one after a key left and never into the new one. So nothing moves
// before every reader of this moment is gone (PREPARE); later ones look into both.
void Relocation::WaitForReaders() {
  Counters& head = branch_.head;
  head.waits_for_epoch = lineage_.ReaderEpoch();
  head.cursor = 0;
  head.evacuated = 0;
}

bool Relocation::Begin(std::uint64_t prepared_seed) {
  const Top& now = *branch_.head.top;
  Top* table = tree_.NewTable(prepared_seed, now.hash, 0);
  if (table == nullptr) return false;
  Counters& head = branch_.head;
  head.old_pages = std::exchange(head.pages, 1);
  head.old_overflow_pages = std::exchange(head.overflow_pages, 0);
  head.old_pages_at_first = head.old_pages + head.old_overflow_pages;
  table->old = branch_.head.top;
  Store(branch_.head.top, table);
  WaitForReaders();
  return true;
}

bool Relocation::Step() {
  if (!active() || lineage_.iterating()) return true;
  Counters& head = branch_.head;
  if (!Prepared()) {
    if (!lineage_.ReadersPassed(head.waits_for_epoch)) return true;
    head.waits_for_epoch = 0;
  }
  if (phase() == RelocationPhase::kCommit) return Commit();
  const Moved moved = MoveEntries(head.cursor);
  head.evacuated += moved == Moved::kPage;
  return moved != Moved::kNoMemory;
}

// Moves entries of the old page at the cursor, and the cursor behind it when they were its last:
// kPage. Where a page stands, and what of it is left, is found anew each time: entries that
// moved are no longer in it, and it may have joined a neighbour meanwhile. Stops where memory is
// out: what was moved, was.
Relocation::Moved Relocation::MoveEntries(std::uint64_t& cursor) {
  const std::uint32_t depth = tree_.DepthAt(*branch_.head.top->old, cursor);
  Arena::Ref refs[kEntriesPerStep];
  const std::size_t count = tree_.CollectRefs(*branch_.head.top->old, cursor, refs);
  for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(lineage_.RecordAt(refs[i]));
  for (std::size_t i = 0; i < count; ++i) {
    const Arena::Ref ref = refs[i];
    // The page, chunk and top of both tables, with some to spare for a split.
    if (!lineage_.PrepareRoomIfShared(branch_, 8)) return Moved::kNoMemory;
    const Record& record = *lineage_.RecordAt(ref);
    const Top& old = *branch_.head.top->old;
    const std::uint64_t from = old.HashOf(record.key());
    const std::uint64_t to = branch_.head.top->HashOf(record.key());
    // Its page is made this branch's own first: then leaving it cannot fail.
    if (!tree_.OwnForRemoval(tree_.old(), from)) return Moved::kNoMemory;
    // There before it is gone from here: a reader finds it in one of them at every instant, or for
    // a moment in both. The record itself stays where it is; only references move.
    if (!tree_.Insert(tree_.primary(), to, ref)) return Moved::kNoMemory;
    const Slot slot = tree_.FindRef(*branch_.head.top->old, from, ref);
    tree_.Remove(tree_.old(), from, slot, Tree::Fate::kKeep);
  }
  if (count == kEntriesPerStep) return Moved::kSome;
  // Behind the page as it was: it may have begun before the cursor, joined with one that is done.
  cursor = depth == 0 ? 0 : (cursor | (~std::uint64_t{0} >> depth)) + 1;
  return Moved::kPage;
}

// The old table is empty but for its nodes and pages, which readers may still be in: they are
// retired like any block. Without memory for it, tries again with the next step.
bool Relocation::Commit() {
  const Counters& head = branch_.head;
  for (int i = 0; i < kFoldsPerStep; ++i) {
    const auto blocks = static_cast<std::uint32_t>(2 * Chunk::kPages + head.old_overflow_pages + 8);
    if (!lineage_.PrepareRoomIfShared(branch_, blocks)) return false;
    const Tree::Fold fold = tree_.FoldEmpty(tree_.old());
    if (fold == Tree::Fold::kNoMemory) return false;
    if (fold == Tree::Fold::kWhole) return DropOld();
  }
  return true;
}

// What is left of it: one chunk.
bool Relocation::DropOld() {
  const Counters& head = branch_.head;
  const auto blocks = static_cast<std::uint32_t>(head.old_pages + head.old_overflow_pages + 8);
  if (!lineage_.PrepareRoomIfShared(branch_, blocks) || tree_.OwnTop(tree_.primary()) == nullptr)
    return false;
  Top* old = branch_.head.top->old;
  Store(branch_.head.top->old, static_cast<Top*>(nullptr));
  Contents past;
  past.top = old;
  lineage_.ForEachBlock(
      past, 0, [&](void* block) { lineage_.Retire(branch_, block, lineage_.BirthOf(block)); });
  branch_.head.old_pages = branch_.head.old_overflow_pages = 0;
  branch_.head.old_pages_at_first = branch_.head.evacuated = 0;
  return true;
}

// The two tables change parts: what was new becomes the old one, and is emptied into the other by
// the same steps. So abandoning needs no code of its own, and may be abandoned in turn.
bool Relocation::Abandon() {
  if (!active()) return true;
  if (!lineage_.PrepareRoomIfShared(branch_, 8) || tree_.OwnTop(tree_.old()) == nullptr)
    return false;
  // Readers may hold the primary top, and find the other table through it: they keep it as it is.
  Top* primary = tree_.CopyTop(*branch_.head.top);
  if (primary == nullptr) return false;
  Top* past = branch_.head.top;
  Top* old = past->old;
  Counters& head = branch_.head;
  primary->old = nullptr;
  Store(old->old, primary);
  Store(branch_.head.top, old);
  lineage_.Retire(branch_, past, past->birth);
  std::swap(head.pages, head.old_pages);
  std::swap(head.overflow_pages, head.old_overflow_pages);
  head.old_pages_at_first = head.old_pages + head.old_overflow_pages;
  WaitForReaders();
  return true;
}

}  // namespace portolan::mapcore::hmap
