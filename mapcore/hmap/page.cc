#include "mapcore/hmap/page.h"

#if defined(__SSE2__)
#include <tmmintrin.h>
#endif

namespace portolan::mapcore::hmap {
namespace {

#if defined(__SSE2__)
// Of four references those whose bit is set, moved to the front: the shuffle, and how many.
struct FourOf {
  alignas(16) std::uint8_t shuffle[16][16];
  std::uint8_t count[16];

  constexpr FourOf() : shuffle{}, count{} {
    for (std::uint32_t mask = 0; mask < 16; ++mask) {
      for (std::uint8_t lane = 0; lane < 4; ++lane) {
        if ((mask >> lane & 1) == 0) continue;
        for (std::uint8_t byte = 0; byte < 4; ++byte)
          shuffle[mask][4 * count[mask] + byte] = static_cast<std::uint8_t>(4 * lane + byte);
        ++count[mask];
      }
    }
  }
};
constexpr FourOf kFourOf;

__attribute__((target("ssse3"))) std::uint32_t GatherRefsByShuffle(const Page& page,
                                                                   std::uint32_t* refs) {
  std::uint32_t count = 0;
  for (const Bucket& bucket : page.buckets) {
    const std::uint32_t used = ~MatchTops(bucket.tops, 0) & 0xff;
    for (const std::uint32_t first : {0u, 4u}) {
      const std::uint32_t mask = used >> first & 15;
      const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bucket.refs + first));
      const __m128i order = _mm_load_si128(reinterpret_cast<const __m128i*>(kFourOf.shuffle[mask]));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(refs + count), _mm_shuffle_epi8(four, order));
      count += kFourOf.count[mask];
    }
  }
  return count;
}

const bool kHasShuffle = __builtin_cpu_supports("ssse3") != 0;
#endif

}  // namespace

// Every slot is written, and the next one overwrites it where it was empty: a branch at the end of
// each bucket's entries would be mispredicted every time.
std::uint32_t GatherRefsPortably(const Page& page, std::uint32_t* refs) {
  std::uint32_t count = 0;
  for (const Bucket& bucket : page.buckets)
    for (std::uint32_t i = 0; i < 8; ++i) {
      const std::uint32_t ref = bucket.refs[i];
      refs[count] = ref;
      count += (bucket.tops >> 8 * i & 0xff) != 0;
    }
  return count;
}

std::uint32_t GatherRefs(const Page& page, std::uint32_t* refs) {
#if defined(__SSE2__)
  if (kHasShuffle) [[likely]]
    return GatherRefsByShuffle(page, refs);
#endif
  return GatherRefsPortably(page, refs);
}

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
  Store(bucket.tops, bucket.tops | std::uint64_t{parts.top} << 8 * index);
  Store(bucket.refs[index], ref);
  page.set_count(page.count() + 1);
  page.MarkWritten(at);
  return true;
}

}  // namespace portolan::mapcore::hmap
