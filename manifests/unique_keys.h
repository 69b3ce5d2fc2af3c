#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace portolan::manifests {

// A key that was there before: its index and the index of its first occurrence.
struct RepeatedKey {
  std::size_t index;
  std::size_t first;
};

// All repetitions, by rising index. O(n log n).
std::vector<RepeatedKey> FindRepeatedKeys(const std::vector<std::string_view>& keys);

}  // namespace portolan::manifests
