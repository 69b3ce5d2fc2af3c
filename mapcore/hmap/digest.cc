#include "mapcore/hmap/digest.h"

namespace portolan::mapcore::hmap {
namespace {

std::uint64_t AddUpPage(const Lineage& lineage, const Top& top, const Page& first) {
  std::uint64_t sum = 0;
  const Page* page = &first;
  while (page != nullptr) {
    // Their records are all over memory: ask for all of them before the first is read.
    ForEachSlot(const_cast<Page&>(*page),
                [&](Slot slot) { __builtin_prefetch(lineage.RecordAt(slot.ref())); });
    ForEachSlot(const_cast<Page&>(*page), [&](Slot slot) {
      const Record& record = *lineage.RecordAt(slot.ref());
      sum += EntryDigest(top.HashOf(record.key()), record.value());
    });
    const Arena::Ref next = page->overflow();
    page = next == 0 ? nullptr : static_cast<const Page*>(lineage.arena().At(next));
  }
  return sum;
}

enum class Keeping { kYes, kNo };

std::uint64_t AddUpChunk(const Lineage& lineage, const Top& top, std::uint64_t entry,
                         Keeping keeping) {
  Chunk& chunk = *ChunkOf(entry);
  if (Load(chunk.digest_known) != 0) return LoadRelaxed(chunk.digest);
  std::uint64_t sum = 0;
  for (std::uint32_t p = 0; p < Chunk::kPages;) {
    const std::uint64_t page_entry = chunk.pages[p];
    Page& page = *PageOf(page_entry);
    p += 1u << (DepthOf(entry) + Chunk::kBits - DepthOf(page_entry));
    const std::uint64_t digest = PageDigest(lineage, top, page);
    if (keeping == Keeping::kYes && !page.digest_known()) page.KeepDigest(digest);
    sum += digest;
  }
  if (keeping == Keeping::kYes) {
    StoreRelaxed(chunk.digest, sum);
    Store(chunk.digest_known, 1u);
  }
  return sum;
}

std::uint64_t AddUp(const Lineage& lineage, const Contents& contents, Keeping keeping) {
  std::uint64_t sum = 0;
  for (const Top* top = contents.top; top != nullptr; top = top->old) {
    for (std::size_t t = 0; t < top->size();) {
      const std::uint64_t entry = top->chunks()[t];
      t += std::size_t{1} << (top->depth - DepthOf(entry));
      sum += AddUpChunk(lineage, *top, entry, keeping);
    }
  }
  return sum;
}

}  // namespace

std::uint64_t PageDigest(const Lineage& lineage, const Top& top, const Page& page) {
  return page.digest_known() ? page.digest() : AddUpPage(lineage, top, page);
}

std::uint64_t KeptDigest(Lineage& lineage, Contents& contents) {
  if (contents.digest_known) return contents.digest;
  lineage.KeepDigests();
  contents.digest = AddUp(lineage, contents, Keeping::kYes);
  contents.digest_known = true;
  return contents.digest;
}

// On any thread, so nothing is kept in pages that the writer may be changing; two threads that come
// at once add up the same sum.
std::uint64_t DigestOf(const Lineage& lineage, SnapshotState& snapshot) {
  if (snapshot.contents.digest_known) return snapshot.contents.digest;
  if (snapshot.digest_known.load(std::memory_order_acquire))
    return snapshot.digest.load(std::memory_order_relaxed);
  const std::uint64_t digest = AddUp(lineage, snapshot.contents, Keeping::kNo);
  snapshot.digest.store(digest, std::memory_order_relaxed);
  snapshot.digest_known.store(true, std::memory_order_release);
  return digest;
}

}  // namespace portolan::mapcore::hmap
