#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::mapcore {

// Eight slots of an image's index in one cache line; a format, see map_image.h. A slot without a
// record has ref 0.
struct alignas(64) ImageGroup {
  std::uint32_t tags[8];  // the hash's upper half
  std::uint32_t refs[8];  // the record's offset in the file, in units of 8 bytes
};
static_assert(sizeof(ImageGroup) == 64);

// The slots whose tag is `tag`, as a bit mask; empty slots too, if their tag is.
inline std::uint32_t MatchTagsPortable(const ImageGroup& group, std::uint32_t tag) {
  std::uint32_t mask = 0;
  for (std::uint32_t i = 0; i < 8; ++i) mask |= std::uint32_t{group.tags[i] == tag} << i;
  return mask;
}

// Groups from a key's home to its own. Keys that are spread never come near it; it bounds what a
// crafted file, or keys crafted for a known seed, can make a lookup cost.
inline constexpr std::uint64_t kImageChainMax = 1'024;

// Calls visit(number of a group) for the groups in which a key of this hash may be, its home first,
// until visit is true; whether it was. Slots of a group fill from the first, and a key lies behind
// full groups only. `groups` is a power of two.
template <typename Visit>
bool VisitChain(const ImageGroup* index, std::uint64_t groups, std::uint64_t hash,
                const Visit& visit) {
  for (std::uint64_t behind = 0; behind <= kImageChainMax; ++behind) {
    const std::uint64_t group = (hash + behind) & (groups - 1);
    if (visit(group)) return true;
    if (index[group].refs[7] == 0) return false;
  }
  return false;
}

#if defined(__SSE2__)
inline constexpr bool kImageSimdCompiled = true;
inline std::uint32_t MatchTagsSimd(const ImageGroup& group, std::uint32_t tag) {
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
  const auto* tags = reinterpret_cast<const __m128i*>(group.tags);
  const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(tags), wanted);
  const __m128i high = _mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted);
  return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(low)) |
                                    _mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
}
#else
inline constexpr bool kImageSimdCompiled = false;
inline std::uint32_t MatchTagsSimd(const ImageGroup& group, std::uint32_t tag) {
  return MatchTagsPortable(group, tag);
}
#endif

}  // namespace portolan::mapcore
