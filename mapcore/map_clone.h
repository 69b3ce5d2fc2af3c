#pragma once

#include "mapcore/base/result.h"
#include "mapcore/hmap.h"

namespace portolan::mapcore {

// A map of its own with the entries of `snapshot`: deep, in memory of its own, so that neither sees
// what becomes of the other and either can go first. For a version that is edited beside the
// original, Hmap::Fork() is O(1); this is for what must not share, as with another process's map.
//
// Without a seed of its own in `options` it has the original's, and is copied block by block: no
// key is hashed, and records come to lie in the order in which an iteration reads them. Under
// another seed, or from a snapshot that was taken during a relocation, every entry is put anew,
// into a directory prepared for all. O(n).
//
// `options.memory.reserve_bytes` is raised to what the entries need. Any thread, beside the writer
// of the original. Errors: kExhausted when memory is out.
Result<Hmap> CloneMap(const Snapshot& snapshot, HmapOptions options = {});

// The same of a map as it is now, by the thread that may write it. Where the map has no snapshot
// and no fork, is not being relocated or compacted, at least half of its memory is in use and half
// of the snapshots that it may give are left, that memory is copied as one piece, which no record
// has to be looked at for, and the records lie as they did. The copy may give as many snapshots as
// the map, or 2^32.
Result<Hmap> CloneMap(Hmap& map, HmapOptions options = {});

}  // namespace portolan::mapcore
