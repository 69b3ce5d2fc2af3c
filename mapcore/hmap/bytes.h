#pragma once

#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::mapcore::hmap {

// Whether two runs of `size` bytes are the same. Of 16 to 48, the length of most keys, three
// comparisons that overlap: a call of memcmp costs a lookup in a small map a seventh of its time,
// and its branches by length are mispredicted where lengths are mixed.
inline bool SameBytes(const char* one, const char* two, std::size_t size) {
#if defined(__SSE2__)
  if (size - 16 <= 32) [[likely]] {
    const auto same_at = [&](std::size_t at) {
      return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(one + at)),
                            _mm_loadu_si128(reinterpret_cast<const __m128i*>(two + at)));
    };
    const __m128i ends = _mm_and_si128(same_at(0), same_at(size - 16));
    const __m128i middle = same_at(size > 32 ? 16 : 0);
    return _mm_movemask_epi8(_mm_and_si128(ends, middle)) == 0xffff;
  }
#endif
  return size == 0 || std::memcmp(one, two, size) == 0;
}

// Copies `size` bytes to where nothing overlaps them; of 16 to 48 as above.
inline void CopyBytes(char* to, const char* from, std::size_t size) {
#if defined(__SSE2__)
  if (size - 16 <= 32) [[likely]] {
    const std::size_t middle = size > 32 ? 16 : 0;
    const auto load = [&](std::size_t at) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    };
    const auto store = [&](std::size_t at, __m128i bytes) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), bytes);
    };
    store(0, load(0));
    store(middle, load(middle));
    return store(size - 16, load(size - 16));
  }
#endif
  if (size != 0) std::memcpy(to, from, size);
}

}  // namespace portolan::mapcore::hmap
