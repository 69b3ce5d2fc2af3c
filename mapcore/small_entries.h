#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "mapcore/sorted_runs.h"

namespace portolan::mapcore {

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

// The entries of a version so small that a hash map would cost more than they do: their records, in
// one block of the heap, found by binary search. A hash map takes a reservation of address space,
// a mapping of its own and a page, a chunk and a top before its first entry, 4 KiB each as the
// kernel sees it; most maps of a configuration have a handful of keys. Immutable, so thread-safe.
class SmallEntries {
 public:
  // At most this many entries, five comparisons; and this many bytes, which a next version copies.
  static constexpr std::size_t kEntriesMax = 32;
  static constexpr std::size_t kBytesMax = 8 << 10;

  static bool Fit(std::span<const KeyValue> pairs);
  // Keys distinct, in any order; the records go to `records` in the order of `pairs`.
  static std::shared_ptr<const SmallEntries> Make(std::span<const KeyValue> pairs,
                                                  SortedRuns::Run& records);

  std::optional<std::string_view> Find(std::string_view key) const;
  std::size_t size() const { return count_; }
  // Of heap, but for what malloc adds.
  std::size_t bytes() const { return sizeof *this + block_bytes_; }

 private:
  SmallEntries() = default;
  const hmap::Record& At(std::size_t place) const;

  std::size_t count_ = 0;
  std::size_t block_bytes_ = 0;
  std::unique_ptr<char[]> block_;  // records, then the offset of each, by ascending key
};

}  // namespace portolan::mapcore
