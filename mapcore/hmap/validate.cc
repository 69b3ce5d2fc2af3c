#include "mapcore/hmap/validate.h"

#include <string>
#include <unordered_set>

namespace portolan::mapcore::hmap {
namespace {

Error Broken(const std::string& what) {
  return {ErrorCode::kInternal, "hmap: " + what};
}

// What the walk over a version's tables finds.
struct Found {
  std::uint64_t size = 0;
  std::uint64_t digest = 0;
  std::uint64_t pages = 0;
  std::uint64_t overflow_pages = 0;
  std::unordered_set<std::string_view> keys;
};

class Walk {
 public:
  explicit Walk(const Lineage& lineage) : lineage_(lineage) {}

  Status Table(const Top& top, Found& found) {
    for (std::size_t t = 0; t < top.size();) {
      const std::uint64_t entry = top.chunks()[t];
      const std::uint32_t depth = DepthOf(entry);
      if (depth > top.depth) return Broken("a chunk is deeper than its top");
      const std::size_t span = std::size_t{1} << (top.depth - depth);
      if (t % span != 0) return Broken("a chunk's span begins inside another");
      for (std::size_t i = t; i < t + span; ++i)
        if (top.chunks()[i] != entry) return Broken("a span of the top has two chunks");
      PORTOLAN_CHECK(InChunk(top, *ChunkOf(entry), std::uint64_t{t} << top.shift, depth, found));
      t += span;
    }
    return {};
  }

 private:
  // `first` is the lowest hash that belongs to the chunk.
  Status InChunk(const Top& top, const Chunk& chunk, std::uint64_t first, std::uint32_t chunk_depth,
                 Found& found) {
    if (chunk.birth > lineage_.version()) return Broken("a chunk was born in the future");
    const std::uint64_t before_chunk = found.digest;
    for (std::uint32_t p = 0; p < Chunk::kPages;) {
      const std::uint32_t depth = DepthOf(chunk.pages[p]);
      if (depth < chunk_depth || depth > chunk_depth + Chunk::kBits)
        return Broken("a page's depth does not fit its chunk");
      const std::uint32_t span = 1u << (chunk_depth + Chunk::kBits - depth);
      if (p % span != 0) return Broken("a page's span begins inside another");
      for (std::uint32_t i = p; i < p + span; ++i)
        if (chunk.pages[i] != chunk.pages[p]) return Broken("a span of a chunk has two pages");
      const std::uint64_t begin = first | std::uint64_t{p} << (64 - Chunk::kBits) >> chunk_depth;
      const Page* page = PageOf(chunk.pages[p]);
      const Page& first_page = *page;
      const std::uint64_t before_page = found.digest;
      ++found.pages;
      for (;;) {
        PORTOLAN_CHECK(InPage(top, *page, depth, begin, found));
        if (page->overflow() == 0) break;
        page = static_cast<const Page*>(lineage_.arena().At(page->overflow()));
        ++found.overflow_pages;
      }
      if (first_page.digest_known() && first_page.digest() != found.digest - before_page)
        return Broken("a page's digest is not that of its entries");
      p += span;
    }
    if (chunk.digest_known != 0 && chunk.digest != found.digest - before_chunk)
      return Broken("a chunk's digest is not that of its entries");
    return {};
  }

  Status InPage(const Top& top, const Page& page, std::uint32_t depth, std::uint64_t begin,
                Found& found) {
    if (page.birth() > lineage_.version()) return Broken("a page was born in the future");
    Status status;
    std::uint32_t count = 0;
    std::uint16_t passed[Page::kBuckets] = {};
    ForEachSlot(const_cast<Page&>(page), [&](Slot slot) {
      ++count;
      const std::uint32_t home = slot.parts().home;
      for (std::uint32_t b = home; b != slot.bucket; b = (b + 1) % Page::kBuckets) ++passed[b];
      if (status.ok()) status = Entry(top, slot, depth, begin, found);
    });
    PORTOLAN_CHECK(status);
    if (count != page.count()) return Broken("a page's count is not that of its slots");
    for (std::uint32_t b = 0; b < Page::kBuckets; ++b) {
      for (std::uint32_t i = 0; i < 8; ++i)
        if ((page.buckets[b].tops >> 8 * i & 0xff) == 0 && page.buckets[b].refs[i] != 0)
          return Broken("an empty slot has a reference");
      const std::uint16_t link = page.buckets[b].link;
      if ((link & Bucket::kPassMask) != passed[b])
        return Broken("a bucket's pass counter is not the number of entries that passed it");
      if (((link & Bucket::kChained) != 0) != (page.overflow() != 0))
        return Broken("a bucket's overflow mark differs from its page's");
    }
    return {};
  }

  Status Entry(const Top& top, Slot slot, std::uint32_t depth, std::uint64_t begin, Found& found) {
    const Record& record = *lineage_.RecordAt(slot.ref());
    const std::uint64_t hash = top.HashOf(record.key());
    const HashParts parts(hash);
    const HashParts stored = slot.parts();
    if (parts.top != stored.top || parts.ext != stored.ext)
      return Broken("a slot's bits are not those of its key's hash");
    if (depth > 0 && (hash ^ begin) >> (64 - depth) != 0)
      return Broken("an entry is in a page that is not its hash's");
    if (record.birth() > lineage_.version()) return Broken("a record was born in the future");
    if (!found.keys.insert(record.key()).second) return Broken("a key is there twice");
    ++found.size;
    found.digest += EntryDigest(hash, record.value());
    return {};
  }

  const Lineage& lineage_;
};

}  // namespace

Status ValidateContents(const Lineage& lineage, const Contents& contents) {
  Found found;
  Walk walk(lineage);
  PORTOLAN_CHECK(walk.Table(*contents.top, found));
  if (found.pages != contents.pages || found.overflow_pages != contents.overflow_pages)
    return Broken("the number of pages is not what was found");
  if (contents.top->old != nullptr) {
    found.pages = found.overflow_pages = 0;
    PORTOLAN_CHECK(walk.Table(*contents.top->old, found));
    if (found.pages != contents.old_pages || found.overflow_pages != contents.old_overflow_pages)
      return Broken("the number of the old table's pages is not what was found");
  }
  if (found.size != contents.size) return Broken("the size is not the number of entries");
  if (contents.digest_known && found.digest != contents.digest)
    return Broken("the digest is not that of the entries");
  return {};
}

Status Lineage::Validate() const {
  PORTOLAN_CHECK(arena_->Validate());
  std::unordered_set<const void*> reached;
  std::uint64_t bytes[4] = {};
  const auto add = [&](Arena::Kind kind, std::uint64_t size) {
    bytes[static_cast<int>(kind)] += size;
  };
  const auto reach = [&](const void* block) {
    if (!reached.insert(block).second) return;
    const Arena::Kind kind = arena_->KindOf(arena_->RefOf(block));
    if (kind == Arena::Kind::kRecords)
      add(kind, Arena::BlockBytes(static_cast<const Record*>(block)->bytes()));
    else
      add(kind, kind == Arena::Kind::kPages
                    ? Arena::kPageBytes
                    : Arena::BlockBytes(static_cast<const Node*>(block)->bytes));
  };
  for (const Branch* b = branches_; b != nullptr; b = b->next) {
    if (b->has_head) {
      PORTOLAN_CHECK(ValidateContents(*this, b->head));
      ForEachBlock(b->head, 0, reach);
    }
    for (const SnapshotState* s = b->oldest; s != nullptr; s = s->newer) {
      PORTOLAN_CHECK(ValidateContents(*this, s->contents));
      ForEachBlock(s->contents, 0, reach);
    }
  }
  std::uint64_t lost = 0;
  std::uint64_t list_blocks = waiting_.blocks() + spare_count_;
  const auto check_dead = [&](const RefList& list) {
    list_blocks += list.blocks();
    list.ForEach(
        [&](const RefList::Item& item) { lost += !reached.contains(arena_->At(item.ref)); });
  };
  for (const Branch* b = branches_; b != nullptr; b = b->next) {
    if (b->has_head || b->newest != nullptr) check_dead(b->dead);
    for (const SnapshotState* s = b->oldest; s != nullptr; s = s->newer) check_dead(s->dead);
  }
  if (lost > 0) return Broken("a dead list names a block that no snapshot has");
  bool twice = false;
  waiting_.ForEach([&](const RefList::Item& item) {
    twice |= reached.contains(arena_->At(item.ref));
    reach(arena_->At(item.ref));
  });
  if (twice) return Broken("a block that waits to be freed is still in a version");
  add(Arena::Kind::kNodes, list_blocks * Arena::BlockBytes(sizeof(RefList::Block)));
  const ArenaStats stats = arena_->stats();
  if (bytes[1] != stats.record_bytes || bytes[2] != stats.page_bytes ||
      bytes[3] != stats.node_bytes)
    return Broken("blocks in use: found " + std::to_string(bytes[1]) + "/" +
                  std::to_string(bytes[2]) + "/" + std::to_string(bytes[3]) +
                  " bytes of records/pages/nodes, the arena counts " +
                  std::to_string(stats.record_bytes) + "/" + std::to_string(stats.page_bytes) +
                  "/" + std::to_string(stats.node_bytes));
  return {};
}

}  // namespace portolan::mapcore::hmap
