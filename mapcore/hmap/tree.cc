#include "mapcore/hmap/tree.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace portolan::mapcore::hmap {
namespace {

void PointPages(Chunk& chunk, std::uint32_t first, std::uint32_t span, std::uint64_t entry) {
  for (std::uint32_t i = first; i < first + span; ++i) Store(chunk.pages[i], entry);
  chunk.written |= ~std::uint64_t{0} >> (Chunk::kPages - span) << first;
}

void PointChunks(Top& top, std::size_t first, std::size_t span, std::uint64_t entry) {
  for (std::size_t i = first; i < first + span; ++i) Store(top.chunks()[i], entry);
}

}  // namespace

Page* Tree::NewPage() {
  auto* page = static_cast<Page*>(lineage_.arena().AllocatePage());
  if (page != nullptr) page->Clear(lineage_.version());
  return page;
}

Chunk* Tree::NewChunk() {
  auto* chunk = static_cast<Chunk*>(lineage_.arena().AllocateNode(sizeof(Chunk)));
  if (chunk != nullptr) {
    chunk->birth = lineage_.version();
    chunk->bytes = sizeof(Chunk);
    chunk->written = 0;
    chunk->origin = 0;
    chunk->digest_known = 0;
  }
  return chunk;
}

Top* Tree::NewTable(std::uint64_t prepared_seed, HashFunction hash, std::uint32_t depth) {
  const std::uint32_t chunk_depth = depth < Chunk::kBits ? 0 : depth - Chunk::kBits;
  const std::uint32_t top_depth = std::max(Top::kDepthMin, chunk_depth);
  const std::uint32_t bytes = Top::BytesFor(top_depth);
  Arena& arena = lineage_.arena();
  auto* top = static_cast<Top*>(arena.AllocateNode(bytes));
  if (top == nullptr) return nullptr;
  *top = Top{{lineage_.version(), bytes}, top_depth, 64 - top_depth, prepared_seed, hash, nullptr};
  const std::size_t chunk_span = std::size_t{1} << (top_depth - chunk_depth);
  const std::uint32_t page_span = 1u << (chunk_depth + Chunk::kBits - depth);
  bool whole = true;
  for (std::size_t t = 0; t < top->size(); t += chunk_span) {
    Chunk* chunk = whole ? NewChunk() : nullptr;
    whole = chunk != nullptr;
    PointChunks(*top, t, chunk_span, EntryOf(chunk, chunk_depth));
    for (std::uint32_t p = 0; whole && p < Chunk::kPages; p += page_span) {
      Page* page = NewPage();
      if (page == nullptr) {
        for (std::uint32_t i = 0; i < p; i += page_span) arena.FreePage(PageOf(chunk->pages[i]));
        arena.FreeNode(chunk, sizeof *chunk);
        PointChunks(*top, t, chunk_span, 0);
        whole = false;
        break;
      }
      PointPages(*chunk, p, page_span, EntryOf(page, depth));
    }
  }
  if (whole) return top;
  for (std::size_t t = 0; t < top->size(); t += chunk_span) {
    Chunk* chunk = ChunkOf(top->chunks()[t]);
    if (chunk == nullptr) break;
    for (std::uint32_t i = 0; i < Chunk::kPages; i += page_span)
      arena.FreePage(PageOf(chunk->pages[i]));
    arena.FreeNode(chunk, sizeof *chunk);
  }
  arena.FreeNode(top, bytes);
  return nullptr;
}

Slot Tree::FindAnySlot(const Top& top, std::uint64_t hash, std::string_view key) const {
  return Probe(FindPage(top, hash), HashParts(hash), lineage_.base(),
               [&](Arena::Ref ref) { return lineage_.RecordAt(ref)->HasKey(key); });
}

Slot Tree::FindRef(const Top& top, std::uint64_t hash, Arena::Ref ref) const {
  return Probe(FindPage(top, hash), HashParts(hash), lineage_.base(),
               [&](Arena::Ref found) { return found == ref; });
}

std::size_t Tree::CollectRefs(const Top& top, std::uint64_t hash,
                              std::span<Arena::Ref> refs) const {
  std::size_t count = 0;
  for (Page* page = FindPage(top, hash); page != nullptr && count < refs.size();
       page = Overflow(*page)) {
    Arena::Ref all[Page::kSlots];
    const std::size_t taken = std::min<std::size_t>(GatherRefs(*page, all), refs.size() - count);
    std::copy_n(all, taken, refs.begin() + static_cast<std::ptrdiff_t>(count));
    count += taken;
  }
  return count;
}

Tree::Place Tree::Locate(Top& top, std::uint64_t hash) const {
  const std::uint64_t entry = top.chunks()[hash >> top.shift];
  Place place{ChunkOf(entry), DepthOf(entry), 0, 0, 0};
  const std::uint32_t index = PageIndex(hash, place.chunk_depth);
  place.depth = DepthOf(place.chunk->pages[index]);
  place.span = 1u << (place.chunk_depth + Chunk::kBits - place.depth);
  place.index = index & ~(place.span - 1);
  return place;
}

void Tree::ForgetKeptDigests(Top** table, std::uint64_t hash, Page& page) {
  if (table != primary()) table = old();
  page.ForgetDigest();
  StoreRelaxed(ChunkOf((*table)->chunks()[hash >> (*table)->shift])->digest_known, 0u);
  branch_.head.digest_known = false;
}

Top* Tree::CopyTop(const Top& top) {
  auto* copy = static_cast<Top*>(lineage_.arena().AllocateNode(top.bytes));
  if (copy == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(copy), &top, top.bytes);
  copy->birth = lineage_.version();
  return copy;
}

Top* Tree::OwnTop(Top** table) {
  if (table != primary() && OwnTop(primary()) == nullptr) return nullptr;
  if (table != primary()) table = old();  // it moved with the primary
  Top* top = *table;
  if (top->birth > branch_.floor()) return top;
  Top* copy = CopyTop(*top);
  if (copy == nullptr) return nullptr;
  Store(*table, copy);
  lineage_.Retire(branch_, top, top->birth);
  return copy;
}

// From the top downwards: a node is only linked into a node that the branch owns, else a snapshot
// would see it. The copy is whole before it is linked, so a reader sees the old one or the new one.
Chunk* Tree::OwnChunk(Top** table, std::uint64_t hash) {
  Top* top = OwnTop(table);
  if (top == nullptr) return nullptr;
  const std::size_t index = hash >> top->shift;
  const std::uint64_t entry = top->chunks()[index];
  Chunk* chunk = ChunkOf(entry);
  if (chunk->birth > branch_.floor()) return chunk;
  // Its digest is not copied: it is made unknown by the write that this copy is for.
  Chunk* copy = NewChunk();
  if (copy == nullptr) return nullptr;
  std::memcpy(copy->pages, chunk->pages, sizeof copy->pages);
  copy->origin = lineage_.arena().RefOf(chunk);
  const std::size_t span = std::size_t{1} << (top->depth - DepthOf(entry));
  PointChunks(*top, index & ~(span - 1), span, EntryOf(copy, DepthOf(entry)));
  lineage_.Retire(branch_, chunk, chunk->birth);
  return copy;
}

Page* Tree::Overflow(const Page& page) const {
  return page.overflow() == 0 ? nullptr : static_cast<Page*>(lineage_.arena().At(page.overflow()));
}

// The page and its overflow pages.
Page* Tree::CopyPage(const Page& page) {
  Page* rest = nullptr;
  if (const Page* next = Overflow(page); next != nullptr) {
    rest = CopyPage(*next);
    if (rest == nullptr) return nullptr;
  }
  auto* copy = static_cast<Page*>(lineage_.arena().AllocatePage());
  if (copy == nullptr) {
    for (Page* next = nullptr; rest != nullptr; rest = next) {
      next = Overflow(*rest);
      lineage_.arena().FreePage(rest);
    }
    return nullptr;
  }
  std::memcpy(static_cast<void*>(copy), &page, sizeof page);
  copy->set_birth(lineage_.version());
  copy->set_origin(lineage_.arena().RefOf(&page));
  copy->ForgetWritten();
  copy->ForgetDigest();
  if (rest != nullptr) copy->set_overflow(lineage_.arena().RefOf(rest));
  return copy;
}

void Tree::RetirePage(Page* page) {
  for (Page* next = nullptr; page != nullptr; page = next) {
    next = Overflow(*page);
    lineage_.Retire(branch_, page, page->birth());
  }
}

Page* Tree::OwnPage(Top** table, std::uint64_t hash) {
  Page* page = FindPage(**table, hash);
  if (!Owns(*page)) [[unlikely]]
    page = CopyForWrite(table, hash, page);
  if (page != nullptr) ForgetDigests(table, hash, *page);
  return page;
}

// A page's overflow pages are copied with it, because the page names the next by a reference of its
// own: they are few, and only where keys were made to collide.
Page* Tree::CopyForWrite(Top** table, std::uint64_t hash, Page* page) {
  for (const Bucket& bucket : page->buckets) __builtin_prefetch(&bucket);
  if (page->overflow() != 0 &&
      !lineage_.PrepareRoom(static_cast<std::uint32_t>(OverflowPagesOf(table))))
    return nullptr;
  if (OwnChunk(table, hash) == nullptr) return nullptr;
  if (table != primary()) table = old();
  Page* copy = CopyPage(*page);
  if (copy == nullptr) return nullptr;
  const Place place = Locate(**table, hash);
  PointPages(*place.chunk, place.index, place.span, EntryOf(copy, place.depth));
  RetirePage(page);
  return copy;
}

Slot Tree::OwnSlotNow(Top** table, std::uint64_t hash, Slot slot) {
  if (Owns(*slot.page)) {
    ForgetDigests(table, hash, *FindPage(**table, hash));
    return slot;
  }
  // By reference and not by place: an entry of an overflow page is in the copy of that.
  const Arena::Ref ref = slot.ref();
  const HashParts parts = slot.parts();
  Page* page = OwnPage(table, hash);
  if (page == nullptr) return {};
  return Probe(page, parts, lineage_.base(), [&](Arena::Ref found) { return found == ref; });
}

// Below the limit a page that is full splits. Beyond it the hashes do not tell its entries apart,
// by somebody's design: splitting on would double the top with every write, to no end.
std::uint32_t Tree::DepthLimit(Top** table) {
  const auto even = static_cast<std::uint32_t>(std::bit_width(PagesOf(table)));
  return std::min(even + kDepthSlack, kDepthMax);
}

// A page that is full splits. Where all of its entries went to one side the new one takes one of
// the last slots there, and the next insert splits on: no insert pays for the whole way down to the
// depth limit, which keys that were made to collide go at once. `table` is looked up anew after
// whatever may have copied the primary top, in which the other table is linked.
bool Tree::Insert(Top** table, std::uint64_t hash, Arena::Ref ref) {
  for (std::uint32_t room = Page::kFull;; room = Page::kSlots) {
    if (table != primary()) table = old();
    Page* page = FindPage(**table, hash);
    if (page->count() < room) [[likely]] {
      page = OwnPage(table, hash);
      return page != nullptr && PlaceEntry(*page, HashParts(hash), ref);
    }
    if (page->overflow() != 0 || Locate(**table, hash).depth >= DepthLimit(table))
      return InsertFull(table, hash, ref);
    if (!Split(table, hash)) return false;
  }
}

// Into a page that does not split: its last slots, then overflow pages.
bool Tree::InsertFull(Top** table, std::uint64_t hash, Arena::Ref ref) {
  Page* page = OwnPage(table, hash);
  if (page == nullptr) return false;
  while (!PlaceEntry(*page, HashParts(hash), ref)) {
    Page* next = Overflow(*page);
    if (next == nullptr) {
      next = NewPage();
      if (next == nullptr) return false;
      PlaceEntry(*next, HashParts(hash), ref);
      page->set_overflow(lineage_.arena().RefOf(next));
      ++OverflowPagesOf(table);
      return true;
    }
    page = next;
  }
  return true;
}

bool Tree::Remove(Top** table, std::uint64_t hash, Slot slot, Fate fate) {
  slot = OwnSlot(table, hash, slot);
  if (slot.page == nullptr) return false;
  if (table != primary()) table = old();
  Record* record = lineage_.RecordAt(slot.ref());
  EmptySlot(slot);
  if (fate == Fate::kRetire) lineage_.RetireRecord(branch_, record);
  // Not at every count: looking at the neighbour is a line of memory that nothing else needs.
  const std::uint32_t count = slot.page->count();
  if (count < kMergeAt / 2 && count % kMergeLooks == 0) MergeIfSparse(table, hash);
  return true;
}

// By the bit of the hashes that a split of a page of this depth looks at.
void Tree::ChooseSides(const Top& top, Page& page, std::uint32_t depth, SlotSides& sides) const {
  // The slots hold bits 55 to 44 of the hashes: enough for all splits of maps between 2^8 and 2^20
  // pages without reading a record. Smaller and larger maps hash the keys again.
  if (depth >= 8 && depth < 20) {
    for (std::uint32_t b = 0; b < Page::kBuckets; ++b)
      sides[b] = static_cast<std::uint8_t>(SlotsWithExtBit(page.buckets[b], 4 + 19 - depth));
    return;
  }
  std::memset(sides, 0, sizeof sides);
  ForEachSlot(page, [&](Slot slot) { __builtin_prefetch(lineage_.RecordAt(slot.ref())); });
  ForEachSlot(page, [&](Slot slot) {
    const std::uint64_t hash = top.HashOf(lineage_.RecordAt(slot.ref())->key());
    sides[slot.bucket] =
        static_cast<std::uint8_t>(sides[slot.bucket] | (hash >> (63 - depth) & 1) << slot.index);
  });
}

bool Tree::Split(Top** table, std::uint64_t hash) {
  if (OwnChunk(table, hash) == nullptr) return false;
  if (table != primary()) table = old();
  Place place = Locate(**table, hash);
  if (place.depth == place.chunk_depth + Chunk::kBits) {
    if (!SplitChunk(table, hash)) return false;
    if (table != primary()) table = old();
    place = Locate(**table, hash);
  }
  auto* low = static_cast<Page*>(lineage_.arena().AllocatePage());
  if (low == nullptr) return false;
  auto* high = static_cast<Page*>(lineage_.arena().AllocatePage());
  if (high == nullptr) {
    lineage_.arena().FreePage(low);
    return false;
  }
  for (std::uint32_t b = 0; b < Page::kBuckets; ++b) {
    __builtin_prefetch(&low->buckets[b], 1);
    __builtin_prefetch(&high->buckets[b], 1);
  }
  // Both halves are new pages, and the full one is retired: a reader in it finds all of its
  // entries, and one that comes later finds the half that its hash belongs to.
  Page* page = PageOf(place.chunk->pages[place.index]);
  SlotSides sides;
  ChooseSides(**table, *page, place.depth, sides);
  DealEntries(*page, sides, lineage_.version(), *low, *high);
  // Pointer by pointer. In between, some hashes of the high half still lead to the full page, which
  // has them.
  const std::uint32_t half = place.span / 2;
  PointPages(*place.chunk, place.index + half, half, EntryOf(high, place.depth + 1));
  PointPages(*place.chunk, place.index, half, EntryOf(low, place.depth + 1));
  StoreRelaxed(place.chunk->digest_known, 0u);
  ++PagesOf(table);
  lineage_.Retire(branch_, page, page->birth());
  return true;
}

// Of the head's own chunk.
bool Tree::SplitChunk(Top** table, std::uint64_t hash) {
  const std::uint32_t depth = Locate(**table, hash).chunk_depth;
  if (depth == (*table)->depth && !Double(table)) return false;
  Top& top = **table;
  Chunk* low = NewChunk();
  if (low == nullptr) return false;
  Chunk* high = NewChunk();
  if (high == nullptr) {
    lineage_.arena().FreeNode(low, sizeof *low);
    return false;
  }
  Chunk* chunk = ChunkOf(top.chunks()[hash >> top.shift]);
  for (std::uint32_t i = 0; i < Chunk::kPages; ++i) {
    low->pages[i] = chunk->pages[i / 2];
    high->pages[i] = chunk->pages[Chunk::kPages / 2 + i / 2];
  }
  const std::size_t span = std::size_t{1} << (top.depth - depth);
  const std::size_t first = (hash >> top.shift) & ~(span - 1);
  PointChunks(top, first + span / 2, span / 2, EntryOf(high, depth + 1));
  PointChunks(top, first, span / 2, EntryOf(low, depth + 1));
  lineage_.Retire(branch_, chunk, chunk->birth);
  return true;
}

// Of the head's own top. The only write whose cost grows with the map: eight bytes for each chunk
// of up to 64 pages, 4 KiB copied at a million entries.
bool Tree::Double(Top** table) {
  Top* top = *table;
  const std::uint32_t bytes = Top::BytesFor(top->depth + 1);
  auto* grown = static_cast<Top*>(lineage_.arena().AllocateNode(bytes));
  if (grown == nullptr) return false;
  *grown = *top;
  grown->birth = lineage_.version();
  grown->bytes = bytes;
  grown->depth = top->depth + 1;
  grown->shift = top->shift - 1;
  for (std::size_t i = 0; i < grown->size(); ++i) grown->chunks()[i] = top->chunks()[i / 2];
  Store(*table, grown);
  lineage_.Retire(branch_, top, top->birth);
  return true;
}

// Without memory for the joined page the two stay.
void Tree::MergeIfSparse(Top** table, std::uint64_t hash) {
  const Place place = Locate(**table, hash);
  if (place.depth == place.chunk_depth) return;
  const std::uint32_t low = place.index & ~place.span;
  const std::uint32_t high = place.index | place.span;
  if (DepthOf(place.chunk->pages[place.index ^ place.span]) != place.depth) return;
  Page* one = PageOf(place.chunk->pages[low]);
  Page* two = PageOf(place.chunk->pages[high]);
  if (one->count() + two->count() > kMergeAt || one->overflow() != 0 || two->overflow() != 0)
    return;
  Page* joined = CopyPage(*one);
  if (joined == nullptr) return;
  joined->set_origin(0);  // what it has of the other page is not told by the marks
  ForEachSlot(*two, [&](Slot slot) { PlaceEntry(*joined, slot.parts(), slot.ref()); });
  PointPages(*place.chunk, low, 2 * place.span, EntryOf(joined, place.depth - 1));
  StoreRelaxed(place.chunk->digest_known, 0u);
  --PagesOf(table);
  lineage_.Retire(branch_, one, one->birth());
  lineage_.Retire(branch_, two, two->birth());
}

// From the lowest hash on, the first pair with no deeper chunk in it: where a neighbour's span is
// divided further, the pair is in there.
Tree::Fold Tree::FoldEmpty(Top** table) {
  const auto depth_at = [&](std::uint64_t hash) {
    return DepthOf((*table)->chunks()[hash >> (*table)->shift]);
  };
  std::uint64_t low = 0;
  std::uint32_t depth = depth_at(low);
  if (depth == 0) return Fold::kWhole;
  std::uint64_t high = std::uint64_t{1} << (64 - depth);
  while (depth_at(high) != depth) {
    low = high;
    depth = depth_at(low);
    high = low | std::uint64_t{1} << (64 - depth);
  }
  Chunk* chunk = OwnChunk(table, low);
  if (chunk == nullptr) return Fold::kNoMemory;
  if (table != primary()) table = old();
  Top& top = **table;
  Chunk* other = ChunkOf(top.chunks()[high >> top.shift]);
  Page* kept = PageOf(chunk->pages[0]);
  Page* joined[2 * Chunk::kPages];
  std::size_t count = 0;
  for (const Chunk* each : {chunk, other})
    for (std::uint32_t p = 0; p < Chunk::kPages;) {
      joined[count] = PageOf(each->pages[p]);
      count += joined[count] != kept;
      p += 1u << (depth + Chunk::kBits - DepthOf(each->pages[p]));
    }
  PointPages(*chunk, 0, Chunk::kPages, EntryOf(kept, depth - 1));
  PointChunks(top, low >> top.shift, std::size_t{2} << (top.depth - depth),
              EntryOf(chunk, depth - 1));
  for (std::size_t i = 0; i < count; ++i) {
    --PagesOf(table);
    for (Page* page = Overflow(*joined[i]); page != nullptr; page = Overflow(*page))
      --OverflowPagesOf(table);
    RetirePage(joined[i]);
  }
  lineage_.Retire(branch_, other, other->birth);
  return Fold::kFolded;
}

}  // namespace portolan::mapcore::hmap
