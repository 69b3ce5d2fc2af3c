#pragma once

#include "mapcore/hmap/lineage.h"

namespace portolan::mapcore::hmap {

// Copies a version into an empty lineage, block by block: the table keeps its shape, its seed and
// what it knows of its digests, and records lie in the order of the table, which is the order in
// which an iteration reads them. No key is hashed, no page is split.
//
// `contents` is not being relocated. The copy belongs to nobody yet. Its top is null when memory is
// out; what was copied by then stays in the arena, which the caller gives up.
//
// O(n); the memory of three pages is asked for at once, so that a record costs its bytes and not
// the latency of memory.
Contents CopyContents(const Lineage& from, const Contents& contents, Lineage& to);

// Makes `to`, whose only branch is `copy`, the same as a lineage that holds only the head of
// `original`: its memory is copied as one piece, free blocks as well, and the pointers of the
// directory are moved. False, and nothing changed, where more than that head lives in it, where
// less than half of its memory does, while it is being relocated, past half of its versions, or
// without room.
//
// O(memory used). By the thread that may write `from`.
bool CopyWhole(const Lineage& from, const Branch& original, Lineage& to, Branch& copy);

}  // namespace portolan::mapcore::hmap
