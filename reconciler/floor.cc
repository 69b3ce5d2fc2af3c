#include "reconciler/floor.h"

#include "reconciler/text_format.h"

// The guards that hold without any policy. They look for what is wrong by its size alone, whatever
// the values mean, and only ask: a person may approve. Bounds are small since a false alarm costs
// one command.

namespace portolan::reconciler {
namespace {

// Never reads "2.0 %" next to a limit of 2 %: what is just above the limit says so.
// A sentence that says "2.0 %; allowed: 2 %" would look like a defect.
std::string ShareOf(std::int64_t deleted, std::int64_t size_before) {
  const std::string limit = std::to_string(kDeletePercentMax);
  const std::string share = Percent(deleted, size_before);
  return share == limit + ".0 %" ? "over " + limit + " %" : share;
}

}  // namespace

std::vector<Finding> FloorFindings(const ChangeSet& changes, std::int64_t size_before,
                                   std::int64_t size_after) {
  std::vector<Finding> findings;
  // Also for a map of one or two keys, which the other guard would let pass: an empty map is how
  // most broken exports look.
  if (size_before > 0 && size_after == 0) {
    findings.push_back({"empty-map", "soft",
                        "removes every entry (" + KeyCount(size_before) +
                            "); an empty map is never allowed without approval"});
  }
  const bool few = changes.deleted <= kDeleteKeysMax;
  // In integers: at the limit a rounded share could decide either way.
  const bool small_share = changes.deleted * 100 <= size_before * kDeletePercentMax;
  if (!few && !small_share) {
    findings.push_back({"mass-delete-guard", "soft",
                        "deletes " + Grouped(changes.deleted) + " of " + KeyCount(size_before) +
                            " (" + ShareOf(changes.deleted, size_before) +
                            "); allowed without approval: " + std::to_string(kDeletePercentMax) +
                            " % or " + std::to_string(kDeleteKeysMax) + " keys"});
  }
  return findings;
}

}  // namespace portolan::reconciler
