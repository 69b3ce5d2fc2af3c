#include "mapcore/base/did_you_mean.h"

#include <algorithm>

// Edit distance with swaps: what fingers do wrong. Vocabulary is small, so every word is compared.

namespace portolan {
namespace {

// More would suggest words that have nothing to do with what was written.
constexpr int kEditsMax = 2;
constexpr std::size_t kWordBytesMax = 64;

// Optimal string alignment distance (Damerau 1964, restricted): row by row, two rows back for
// swaps.
int EditDistance(std::string_view a, std::string_view b) {
  std::vector<int> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates) {
  std::string_view nearest;
  int fewest = kEditsMax + 1;
  if (word.size() > kWordBytesMax) return {};
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    const std::size_t shorter = std::min(word.size(), candidate.size());
    // The difference in length is a lower bound of the distance.
    if (longer - shorter > kEditsMax) continue;
    const int edits = EditDistance(word, candidate);
    if (edits == 0) return {};
    if (edits < fewest && static_cast<std::size_t>(edits) < shorter) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view nearest = NearestWord(word, candidates);
  return nearest.empty() ? "" : "did you mean \"" + std::string(nearest) + "\"?";
}

}  // namespace portolan
