#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "mapcore/record.h"
#include "mapcore/sorted_runs.h"

namespace portolan::mapcore {

// Where a key's record is, found by hash: 2^k immutable pages chosen by the hash's low bits,
// searched linearly within. Edited() copies the pages that an edit falls into and the directory of
// pointers. Holds records by plain pointer: the version's SortedRuns own them. Immutable, so
// thread-safe.
class HashPages {
 public:
  // Mean slots of a page at the two ends of its range; a table that leaves the range is rebuilt
  // whole, amortised over the edits that led there.
  static constexpr std::size_t kSlotsMax = 16;
  static constexpr std::size_t kSlotsMin = 2;

  struct Slot {
    std::uint64_t hash;
    const Record* record;
  };
  using Page = std::vector<Slot>;
  using PagePtr = std::shared_ptr<const Page>;

  HashPages() = default;
  explicit HashPages(const SortedRuns& records);

  // The index of `records`, which are this index's records after `edits`. O(pages + edits), or
  // O(records) on a rebuild.
  HashPages Edited(std::span<const Edit> edits, const SortedRuns& records) const;

  // Null when absent. O(1) expected, no allocation.
  const Record* Find(std::string_view key) const;
  const std::vector<PagePtr>& pages() const { return pages_; }

 private:
  std::vector<PagePtr> pages_;  // empty, or a power of two; a null page has no slots
};

}  // namespace portolan::mapcore
