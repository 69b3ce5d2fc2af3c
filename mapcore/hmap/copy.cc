#include "mapcore/hmap/copy.h"

#include <cstring>

namespace portolan::mapcore::hmap {
namespace {

class Copy {
 public:
  // Digests that are known are copied where the whole is, for its writer to go on with.
  Copy(const Lineage& from, Lineage& to, bool digests_known)
      : from_(from), to_(to), digests_known_(digests_known) {}

  Top* Table(const Top& top) {
    auto* copy = static_cast<Top*>(to_.arena().AllocateNode(top.bytes));
    if (copy == nullptr) return nullptr;
    std::memcpy(static_cast<void*>(copy), &top, top.bytes);
    copy->birth = to_.version();
    for (std::size_t t = 0; t < top.size();) {
      const std::uint64_t entry = top.chunks()[t];
      const std::size_t span = std::size_t{1} << (top.depth - DepthOf(entry));
      Chunk* chunk = ChunkOf(entry, t + span < top.size() ? top.chunks()[t + span] : 0);
      if (chunk == nullptr) return nullptr;
      for (const std::size_t end = t + span; t < end; ++t)
        copy->chunks()[t] = EntryOf(chunk, DepthOf(entry));
    }
    return copy;
  }

 private:
  // `next` is the entry of the chunk behind it, or 0.
  Chunk* ChunkOf(std::uint64_t entry, std::uint64_t next) {
    const Chunk& chunk = *hmap::ChunkOf(entry);
    auto* copy = static_cast<Chunk*>(to_.arena().AllocateNode(sizeof(Chunk)));
    if (copy == nullptr) return nullptr;
    copy->birth = to_.version();
    copy->bytes = sizeof(Chunk);
    copy->written = 0;
    copy->origin = 0;  // which is not in this memory
    copy->digest_known = digests_known_ && Load(chunk.digest_known) != 0;
    if (copy->digest_known != 0) copy->digest = LoadRelaxed(chunk.digest);
    const std::uint32_t chunk_depth = DepthOf(entry);
    for (std::uint32_t p = 0; p < Chunk::kPages;) {
      const std::uint64_t page = chunk.pages[p];
      const std::uint32_t span = 1u << (chunk_depth + Chunk::kBits - DepthOf(page));
      if (p + span < Chunk::kPages)
        PrefetchPage(*hmap::PageOf(chunk.pages[p + span]));
      else if (next != 0)
        PrefetchPage(*hmap::PageOf(hmap::ChunkOf(next)->pages[0]));
      Page* page_copy = PageOf(*hmap::PageOf(page));
      if (page_copy == nullptr) return nullptr;
      for (const std::uint32_t end = p + span; p < end; ++p)
        copy->pages[p] = EntryOf(page_copy, DepthOf(page));
    }
    return copy;
  }

  static void PrefetchPage(const Page& page) {
    for (const Bucket& bucket : page.buckets) __builtin_prefetch(&bucket);
  }

  // The page and its overflow pages.
  Page* PageOf(const Page& page) {
    Arena::Ref refs[Page::kSlots];
    const std::uint32_t count = GatherRefs(page, refs);
    // A record of ordinary size lies in two lines.
    for (std::uint32_t i = 0; i < count; ++i) {
      __builtin_prefetch(from_.RecordAt(refs[i]));
      __builtin_prefetch(reinterpret_cast<const char*>(from_.RecordAt(refs[i])) + 64);
    }
    auto* copy = static_cast<Page*>(to_.arena().AllocatePage());
    if (copy == nullptr) return nullptr;
    copy->CopyEntries(page);
    if (digests_known_ && page.digest_known()) copy->KeepDigest(page.digest());
    copy->set_birth(to_.version());
    copy->set_origin(0);  // which is not in this memory
    bool whole = true;
    ForEachSlot(*copy, [&](Slot slot) {
      const Arena::Ref ref = whole ? RecordOf(*from_.RecordAt(slot.ref())) : 0;
      whole = ref != 0;
      ReplaceRef(slot, ref);
    });
    if (whole && page.overflow() != 0) {
      const Page* rest = PageOf(*static_cast<const Page*>(from_.arena().At(page.overflow())));
      whole = rest != nullptr;
      if (whole) copy->set_overflow(to_.arena().RefOf(rest));
    }
    return whole ? copy : nullptr;
  }

  // 0 when memory is out.
  Arena::Ref RecordOf(const Record& record) {
    void* memory = to_.arena().AllocateRecord(record.bytes());
    if (memory == nullptr) return 0;
    Record::Make(memory, to_.version(), record.key(), record.value());
    return to_.arena().RefOf(memory);
  }

  const Lineage& from_;
  Lineage& to_;
  const bool digests_known_;
};

// Where a block of `from` lies in a copy of its memory.
template <typename Block>
Block* Counterpart(const Lineage& from, const Lineage& to, const Block* block) {
  return static_cast<Block*>(to.arena().At(from.arena().RefOf(block)));
}

}  // namespace

Contents CopyContents(const Lineage& from, const Contents& contents, Lineage& to) {
  Contents copy = contents;
  if (contents.digest_known) to.KeepDigests();
  copy.top = Copy(from, to, contents.digest_known).Table(*contents.top);
  return copy;
}

bool CopyWhole(const Lineage& from, const Branch& original, Lineage& to, Branch& copy) {
  const ArenaStats memory = from.arena().stats();
  // Births are copied too, and so the counter that gives them.
  if (from.version() > UINT32_MAX / 2 || !from.HoldsOnly(original) ||
      original.head.top->old != nullptr || 2 * memory.live_bytes() < memory.used_bytes ||
      !to.CopyFrom(from))
    return false;
  copy.head = original.head;
  Top& top = *Counterpart(from, to, original.head.top);
  copy.head.top = &top;
  for (std::size_t t = 0; t < top.size();) {
    const std::uint64_t entry = top.chunks()[t];
    Chunk& chunk = *Counterpart(from, to, ChunkOf(entry));
    for (const std::size_t end = t + (std::size_t{1} << (top.depth - DepthOf(entry))); t < end; ++t)
      top.chunks()[t] = EntryOf(&chunk, DepthOf(entry));
    for (std::uint64_t& page : chunk.pages)
      page = EntryOf(Counterpart(from, to, PageOf(page)), DepthOf(page));
  }
  return true;
}

}  // namespace portolan::mapcore::hmap
