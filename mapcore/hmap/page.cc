#include "mapcore/hmap/page.h"

#include <cstddef>
#include <cstring>

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

// Writes those of four references whose bit is set, and leaves up to three words behind them
// changed. Returns how many.
__attribute__((target("ssse3"))) inline std::uint32_t TakeFour(const std::uint32_t* from,
                                                               std::uint32_t mask,
                                                               std::uint32_t* to) {
  const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i order = _mm_load_si128(reinterpret_cast<const __m128i*>(kFourOf.shuffle[mask]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(four, order));
  return kFourOf.count[mask];
}

__attribute__((target("ssse3"))) std::uint32_t GatherRefsByShuffle(const Page& page,
                                                                   std::uint32_t* refs) {
  std::uint32_t count = 0;
  for (const Bucket& bucket : page.buckets) {
    const __m128i tops = _mm_cvtsi64_si128(static_cast<long long>(bucket.tops));
    const auto used =
        ~static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tops, _mm_setzero_si128())));
    count += TakeFour(bucket.refs, used & 15, refs + count);
    count += TakeFour(bucket.refs + 4, used >> 4 & 15, refs + count);
  }
  return count;
}

const bool kHasShuffle = __builtin_cpu_supports("ssse3") != 0;
#endif

// The slots of `bucket`, whose number in its page is `home`, with entries that are at home there;
// of the empty ones, whatever.
std::uint32_t SlotsAtHome(const Bucket& bucket, std::uint32_t home) {
#if defined(__SSE2__)
  const __m128i ext = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bucket.ext));
  const __m128i here = _mm_cmpeq_epi16(_mm_and_si128(ext, _mm_set1_epi16(15)),
                                       _mm_set1_epi16(static_cast<short>(home)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(here, here))) & 0xff;
#else
  std::uint32_t slots = 0;
  for (std::uint32_t i = 0; i < 8; ++i) slots |= std::uint32_t{(bucket.ext[i] & 15u) == home} << i;
  return slots;
#endif
}

// The references of the slots that are named, and 0 in the others.
void CopyRefs(const Bucket& from, std::uint32_t slots, Bucket& to) {
#if defined(__SSE2__)
  const __m128i bits = _mm_set_epi32(8, 4, 2, 1);
  const auto copy = [&](std::uint32_t first) {
    const __m128i named = _mm_cmpeq_epi32(
        _mm_and_si128(_mm_set1_epi32(static_cast<int>(slots >> first)), bits), bits);
    const __m128i refs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from.refs + first));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to.refs + first), _mm_and_si128(refs, named));
  };
  copy(0);
  copy(4);
#else
  for (std::uint32_t i = 0; i < 8; ++i) to.refs[i] = (slots >> i & 1) != 0 ? from.refs[i] : 0;
#endif
}

// 0xff where a bit of the mask is set.
std::uint64_t BytesOf(std::uint32_t slots) {
  const std::uint64_t one_each = (std::uint64_t{slots} * 0x0101010101010101) & 0x8040201008040201;
  return ((one_each + 0x7f7f7f7f7f7f7f7f) >> 7 & 0x0101010101010101) * 0xff;
}

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

void DealEntries(const Page& page, const SlotSides& sides, std::uint32_t birth, Page& low,
                 Page& high) {
  std::uint32_t low_count = 0;
  std::uint32_t high_count = 0;
  std::uint32_t elsewhere[Page::kBuckets];
  for (std::uint32_t b = 0; b < Page::kBuckets; ++b) {
    const Bucket& from = page.buckets[b];
    const std::uint32_t used = UsedMask(from.tops);
    const std::uint32_t home = used & SlotsAtHome(from, b);
    elsewhere[b] = used & ~home;
    const auto copy = [&](std::uint32_t slots, Bucket& to) {
      std::memcpy(to.ext, from.ext, sizeof to.ext);
      CopyRefs(from, slots, to);
      to.tops = from.tops & BytesOf(slots);
      to.link = 0;
      to.meta = 0;
      to.word = 0;
      return static_cast<std::uint32_t>(std::popcount(slots));
    };
    low_count += copy(home & ~sides[b], low.buckets[b]);
    high_count += copy(home & sides[b], high.buckets[b]);
  }
  low.set_birth(birth);
  low.set_count(low_count);
  high.set_birth(birth);
  high.set_count(high_count);
  for (std::uint32_t b = 0; b < Page::kBuckets; ++b)
    for (std::uint32_t left = elsewhere[b]; left != 0; left &= left - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(left));
      const Bucket& from = page.buckets[b];
      const HashParts parts(static_cast<std::uint8_t>(from.tops >> 8 * i), from.ext[i]);
      PlaceEntry((sides[b] >> i & 1) != 0 ? high : low, parts, from.refs[i]);
    }
}

void Page::Clear(std::uint32_t birth) {
  std::memset(static_cast<void*>(this), 0, sizeof *this);
  set_birth(birth);
}

void Page::CopyEntries(const Page& page) {
  auto* to = reinterpret_cast<char*>(this);
  const auto* from = reinterpret_cast<const char*>(&page);
  constexpr std::size_t kKnown = 3 * sizeof(Bucket) + offsetof(Bucket, meta);
  constexpr std::size_t kBehindHigh = 4 * sizeof(Bucket);
  constexpr std::size_t kLow = 4 * sizeof(Bucket) + offsetof(Bucket, word);
  constexpr std::size_t kBehindLow = 5 * sizeof(Bucket);
  std::memcpy(to, from, kKnown);
  std::memcpy(to + kBehindHigh, from + kBehindHigh, kLow - kBehindHigh);
  std::memcpy(to + kBehindLow, from + kBehindLow, sizeof page - kBehindLow);
  buckets[3].meta = 0;
  buckets[3].word = 0;
  buckets[4].word = 0;
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
  SlotBytes free = 0;
  std::uint32_t distance = 0;
  for (;; ++distance, at = (at + 1) % Page::kBuckets) {
    if (distance == Page::kBuckets) return false;
    free = CandidateSlots(page.buckets[at].tops, 0);
    if (free != 0) break;
  }
  for (std::uint32_t d = 0; d < distance; ++d) {
    std::uint16_t& link = page.buckets[(parts.home + d) % Page::kBuckets].link;
    Store(link, static_cast<std::uint16_t>(link + 1));
  }
  Bucket& bucket = page.buckets[at];
  const std::uint32_t index = FirstSlot(free);
  StoreRelaxed(bucket.ext[index], parts.ext);
  Store(bucket.tops, bucket.tops | std::uint64_t{parts.top} << 8 * index);
  Store(bucket.refs[index], ref);
  page.set_count(page.count() + 1);
  page.MarkWritten(at);
  return true;
}

}  // namespace portolan::mapcore::hmap
