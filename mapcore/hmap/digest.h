#pragma once

#include <cstdint>

#include "mapcore/hmap/lineage.h"

namespace portolan::mapcore::hmap {

// The additive digest of a version: the sum of EntryDigest over its entries. Nobody pays for it who
// does not ask: a write only marks the page and the chunk above it as unknown, and only in a map
// that was asked before. The first question reads all entries, a later one those of the pages
// written since.

// Of a head, by its writer: keeps the sums of pages and chunks where it learns them.
std::uint64_t KeptDigest(Lineage& lineage, Contents& contents);
// Of a snapshot, by any thread: uses what is kept, and keeps the sum. O(chunks + entries of pages
// that are not known), then O(1).
std::uint64_t DigestOf(const Lineage& lineage, SnapshotState& snapshot);
// Of one page and its overflow pages; what is kept, or added up.
std::uint64_t PageDigest(const Lineage& lineage, const Top& top, const Page& page);

}  // namespace portolan::mapcore::hmap
