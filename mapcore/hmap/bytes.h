#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace portolan::mapcore::hmap {

// Runs of 17 to 48 bytes, as most keys are, are hashed, compared and copied without a loop or a
// call; shorter ones in another way, longer ones by calls.
inline constexpr std::size_t kTinyBytes = 16;
inline constexpr std::size_t kShortBytes = 48;

template <typename Word>
Word ReadWord(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Whether two runs of `size` bytes, 1 to kShortBytes, are the same. By comparisons that overlap and
// no call: a call of memcmp costs a lookup in a small map a seventh of its time, its branches by
// length are mispredicted where lengths are mixed, and a caller that calls nothing saves no
// registers. The branch at 32 is the one that the hash of the key has taken just before.
[[gnu::always_inline]] inline bool SameShortBytes(const char* one, const char* two,
                                                  std::size_t size) {
  const auto same = [&]<typename Word>(Word, std::size_t at) {
    return ReadWord<Word>(one + at) == ReadWord<Word>(two + at);
  };
  if (size >= 16) [[likely]] {
#if defined(__SSE2__)
    const auto same_at = [&](std::size_t at) {
      return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(one + at)),
                            _mm_loadu_si128(reinterpret_cast<const __m128i*>(two + at)));
    };
    __m128i all = _mm_and_si128(same_at(0), same_at(size - 16));
    if (size > 32) all = _mm_and_si128(all, same_at(16));
    return _mm_movemask_epi8(all) == 0xffff;
#else
    return std::memcmp(one, two, size) == 0;
#endif
  }
  if (size >= 8) return same(std::uint64_t{}, 0) && same(std::uint64_t{}, size - 8);
  if (size >= 4) return same(std::uint32_t{}, 0) && same(std::uint32_t{}, size - 4);
  return one[0] == two[0] && one[size / 2] == two[size / 2] && one[size - 1] == two[size - 1];
}

// The same for any size.
inline bool SameBytes(const char* one, const char* two, std::size_t size) {
  if (size - 1 < kShortBytes) [[likely]]
    return SameShortBytes(one, two, size);
  return size == 0 || std::memcmp(one, two, size) == 0;
}

// Copies `size` bytes to where nothing overlaps them; of 16 to kShortBytes as above.
inline void CopyBytes(char* to, const char* from, std::size_t size) {
#if defined(__SSE2__)
  if (size - 16 <= kShortBytes - 16) [[likely]] {
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
