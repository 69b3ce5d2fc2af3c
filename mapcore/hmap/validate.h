#pragma once

#include "mapcore/base/result.h"
#include "mapcore/hmap/lineage.h"

namespace portolan::mapcore::hmap {

// Checks one version of a map against everything it promises; O(entries). Errors: kInternal naming
// what is broken.
//
// - every span of the top points at one chunk, every span of a chunk at one page, and spans begin
//   where their local depth lets them
// - every entry is in the page of its hash, with the tophash and the twelve bits of its hash, in a
//   bucket that a probe from its home reaches; no key is there twice; an empty slot has reference 0
// - every pass counter is the number of entries that passed; every page's count that of its slots
// - no block is younger than the node above it could know: births do not exceed `version`
// - size and the numbers of pages are those of the entries; so are the digests of the version, of
//   chunks and of pages, where they are known
//
// Lineage::Validate(), over all versions at once: every block in use is reached from a head or a
// snapshot or waits for readers, never both; every item of a dead list is reached; the sum of their
// sizes is what the arena counts as in use; and Arena::Validate().
Status ValidateContents(const Lineage& lineage, const Contents& contents);

}  // namespace portolan::mapcore::hmap
