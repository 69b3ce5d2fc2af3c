#include "manifests/unique_keys.h"

#include <algorithm>
#include <numeric>

namespace portolan::manifests {
namespace {

constexpr std::size_t kFewKeys = 8;  // compared each with each, sooner than sorted

// Told without memory: few keys, as most objects have, and keys that ascend, as most files have.
bool AreSurelyUnique(const std::vector<std::string_view>& keys) {
  if (keys.size() > kFewKeys)
    return std::ranges::adjacent_find(keys, std::ranges::greater_equal()) == keys.end();
  for (std::size_t i = 1; i < keys.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (keys[i] == keys[j]) return false;
  return true;
}

}  // namespace

std::vector<RepeatedKey> FindRepeatedKeys(const std::vector<std::string_view>& keys) {
  if (AreSurelyUnique(keys)) return {};
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
