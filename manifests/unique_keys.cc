#include "manifests/unique_keys.h"

#include <algorithm>
#include <numeric>

namespace portolan::manifests {

std::vector<RepeatedKey> FindRepeatedKeys(const std::vector<std::string_view>& keys) {
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Stable: the first of equal keys is the one that stands first. Sorting indices keeps the keys
  // where they are, and O(n log n) holds for keys that an attacker chose, unlike a hash table's
  // cost.
  std::stable_sort(order.begin(), order.end(),
                   [&keys](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::vector<RepeatedKey> repeated;
  std::size_t first = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (keys[order[i]] == keys[order[first]])
      repeated.push_back({order[i], order[first]});
    else
      first = i;
  }
  std::sort(repeated.begin(), repeated.end(),
            [](const RepeatedKey& a, const RepeatedKey& b) { return a.index < b.index; });
  return repeated;
}

}  // namespace portolan::manifests
