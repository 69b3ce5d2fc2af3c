#pragma once

#include <cstdint>
#include <span>

#include "mapcore/hmap/lineage.h"

namespace portolan::mapcore::hmap {

// The writer's way down a branch's tables: finds the page of a hash, makes it the branch's own
// before it is changed (a copy of the page, its chunk and the top, each once per snapshot), splits
// and merges pages.
//
// A table is named by where its top is linked: the head's top, or that top's `old`. What can fail
// allocates first and links afterwards, and each link leaves all entries findable: a failure in the
// middle leaves the contents as they were, and so does a reader's glance.
class Tree {
 public:
  Tree(Lineage& lineage, Branch& branch) : lineage_(lineage), branch_(branch) {}

  // Two neighbours that hold no more than this together become one page.
  static constexpr std::uint32_t kMergeAt = 40;
  static constexpr std::uint32_t kMergeLooks = 4;  // looked for at every count divisible by it
  // How much deeper than evenly filled pages a page may be. Hashes that are spread do not get
  // there: a page four levels too deep expects 72 / 16 entries.
  static constexpr std::uint32_t kDepthSlack = 6;
  static constexpr std::uint32_t kDepthMax = 48;

  // An empty table of 2^depth pages; null when memory is out. Nothing refers to it yet.
  Top* NewTable(std::uint64_t prepared_seed, HashFunction hash, std::uint32_t depth);

  Top** primary() { return &branch_.head.top; }
  Top** old() { return &branch_.head.top->old; }
  Slot Find(const Top& top, std::uint64_t hash, std::string_view key) const {
    Page* page = FindPage(top, hash);
    return FindAtHome(
        page, hash, key, lineage_.base(),
        [&](std::uint32_t bucket, std::uint32_t index, const Record*) {
          return Slot{page, bucket, index};
        },
        Slot{}, [&] { return FindAnySlot(top, hash, key); });
  }

  // Asks for what a write of this hash looks at first: its bucket, and where snapshots are, the
  // page's birth.
  void Prefetch(std::uint64_t hash) const {
    const Page* page = FindPage(*branch_.head.top, hash);
    __builtin_prefetch(&page->buckets[hash & 15]);
    if (branch_.floor() != 0) __builtin_prefetch(page);
  }
  // Puts a reference where there is none of its key. False when memory is out.
  bool Insert(Top** table, std::uint64_t hash, Arena::Ref ref);
  // Makes the slot's reference another of the same key, or empties the slot, and retires the record
  // it named unless `keep`. False when memory is out.
  bool Replace(Top** table, std::uint64_t hash, Slot slot, Arena::Ref ref) {
    slot = OwnSlot(table, hash, slot);
    if (slot.page == nullptr) return false;
    Record* record = lineage_.RecordAt(slot.ref());
    ReplaceRef(slot, ref);
    if (branch_.floor() != 0) slot.page->MarkWritten(slot.bucket);
    lineage_.RetireRecord(branch_, record);
    return true;
  }
  enum class Fate { kRetire, kKeep };
  bool Remove(Top** table, std::uint64_t hash, Slot slot, Fate fate);

  // Makes the page of a hash the branch's own; false when memory is out.
  bool OwnForRemoval(Top** table, std::uint64_t hash) { return OwnPage(table, hash) != nullptr; }
  // The slot that holds a reference.
  Slot FindRef(const Top& top, std::uint64_t hash, Arena::Ref ref) const;
  std::uint32_t DepthAt(Top& top, std::uint64_t hash) const { return Locate(top, hash).depth; }
  // The first references in the page of a hash and in its overflow pages, as many as `refs` has
  // room for. Returns how many.
  std::size_t CollectRefs(const Top& top, std::uint64_t hash, std::span<Arena::Ref> refs) const;

  // Of a table in which every page is empty: joins two neighbouring chunks, and all of their pages,
  // into one. O(what is joined + top). kWhole: one chunk is left.
  enum class Fold { kFolded, kWhole, kNoMemory };
  Fold FoldEmpty(Top** table);

  // The head's own top, or null when memory is out.
  Top* OwnTop(Top** table);
  // A copy born now, linked nowhere; null when memory is out.
  Top* CopyTop(const Top& top);

 private:
  struct Place {  // of a page
    Chunk* chunk;
    std::uint32_t chunk_depth;
    std::uint32_t index;  // of its first pointer
    std::uint32_t depth;
    std::uint32_t span;  // pointers
  };
  Slot FindAnySlot(const Top& top, std::uint64_t hash, std::string_view key) const;
  Place Locate(Top& top, std::uint64_t hash) const;
  Chunk* OwnChunk(Top** table, std::uint64_t hash);
  Page* OwnPage(Top** table, std::uint64_t hash);
  Page* CopyPage(const Page& page);
  void RetirePage(Page* page);
  // Whether the head may change the page in place. With no snapshot and no base it may change all
  // of them, and need not look at a line that it otherwise does not touch.
  bool Owns(const Page& page) const {
    const std::uint32_t floor = branch_.floor();
    return floor == 0 || page.birth() > floor;
  }
  // What is kept of digests no longer holds; of a page that is the branch's own.
  void ForgetDigests(Top** table, std::uint64_t hash, Page& page) {
    if (lineage_.digests_kept()) [[unlikely]]
      ForgetKeptDigests(table, hash, page);
  }
  void ForgetKeptDigests(Top** table, std::uint64_t hash, Page& page);
  Page* CopyForWrite(Top** table, std::uint64_t hash, Page* page);
  // The same slot in the branch's own page; of a null page when memory is out.
  Slot OwnSlot(Top** table, std::uint64_t hash, Slot slot) {
    if (Owns(*slot.page) && !lineage_.digests_kept()) [[likely]]
      return slot;
    return OwnSlotNow(table, hash, slot);
  }
  Slot OwnSlotNow(Top** table, std::uint64_t hash, Slot slot);
  Page* Overflow(const Page& page) const;
  bool InsertFull(Top** table, std::uint64_t hash, Arena::Ref ref);
  bool Split(Top** table, std::uint64_t hash);
  bool SplitChunk(Top** table, std::uint64_t hash);
  bool Double(Top** table);
  void MergeIfSparse(Top** table, std::uint64_t hash);
  std::uint32_t DepthLimit(Top** table);
  std::uint64_t& PagesOf(Top** table) {
    return table == primary() ? branch_.head.pages : branch_.head.old_pages;
  }
  std::uint64_t& OverflowPagesOf(Top** table) {
    return table == primary() ? branch_.head.overflow_pages : branch_.head.old_overflow_pages;
  }
  void ChooseSides(const Top& top, Page& page, std::uint32_t depth, SlotSides& sides) const;
  Page* NewPage();
  Chunk* NewChunk();

  Lineage& lineage_;
  Branch& branch_;
};

}  // namespace portolan::mapcore::hmap
