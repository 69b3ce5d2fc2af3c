#include "mapcore/hmap/page.h"

namespace portolan::mapcore::hmap {

void Page::Clear(std::uint32_t birth) {
  std::memset(static_cast<void*>(this), 0, sizeof *this);
  set_birth(birth);
}

void Page::set_overflow(std::uint32_t ref) {
  StoreRelaxed(buckets[1].meta, static_cast<std::uint16_t>(ref >> 16));
  StoreRelaxed(buckets[2].meta, static_cast<std::uint16_t>(ref));
  for (Bucket& bucket : buckets) {
    const std::uint16_t pass = bucket.link & Bucket::kPassMask;
    Store(bucket.link, static_cast<std::uint16_t>(ref == 0 ? pass : pass | Bucket::kChained));
  }
}

bool PlaceEntry(Page& page, HashParts parts, std::uint32_t ref) {
  std::uint32_t at = parts.home;
  std::uint32_t free = 0;
  std::uint32_t distance = 0;
  for (;; ++distance, at = (at + 1) % Page::kBuckets) {
    if (distance == Page::kBuckets) return false;
    free = MatchTops(page.buckets[at].tops, 0);
    if (free != 0) break;
  }
  for (std::uint32_t d = 0; d < distance; ++d) {
    std::uint16_t& link = page.buckets[(parts.home + d) % Page::kBuckets].link;
    Store(link, static_cast<std::uint16_t>(link + 1));
  }
  Bucket& bucket = page.buckets[at];
  const auto index = static_cast<std::uint32_t>(std::countr_zero(free));
  StoreRelaxed(bucket.ext[index], parts.ext);
  StoreRelaxed(bucket.refs[index], ref);
  Store(bucket.tops, bucket.tops | std::uint64_t{parts.top} << 8 * index);
  page.set_count(page.count() + 1);
  return true;
}

}  // namespace portolan::mapcore::hmap
