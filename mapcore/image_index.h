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
