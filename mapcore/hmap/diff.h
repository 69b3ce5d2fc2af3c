#pragma once

#include <cstdint>
#include <vector>

#include "mapcore/hmap/snapshot.h"

namespace portolan::mapcore::hmap {

// One key on which two versions differ; null where it is absent.
struct RecordChange {
  const Record* before;
  const Record* after;
};

struct DiffResult {
  std::vector<RecordChange> changes;  // in no order that means anything
  std::uint64_t pages_read = 0;       // of both sides; what is shared is not read
  // Of pages in the same place: of both sides. Of a page and its copy those that were written.
  std::uint64_t buckets_read = 0;
};

// The keys whose values differ. The records live as long as the snapshots. What it costs:
//
// - snapshots of one lineage: O(top + what was copied between them), because an equal pointer is an
//   equal subtree and an equal reference an equal entry; of a page that was copied once between
//   them, only the buckets that were written since are read
// - of two lineages under equal seeds (maps that were built independently): O(chunks + entries of
//   the pages that differ), where both maps were asked for their digest() before the snapshots were
//   taken; pages whose digest is not known are added up. Equal sums count as equal entries: a
//   difference is missed by 2^-64
// - others (another seed, also after a reseed or Clear; a relocation under way): O(entries of both)
DiffResult Diff(const Snapshot& before, const Snapshot& after);

}  // namespace portolan::mapcore::hmap
