#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mapcore/hmap/bytes.h"

namespace portolan::mapcore::hmap {

// A map's 64-bit hash: the 64x64 -> 128 bit multiply-and-fold of wyhash final v4 (Wang Yi, public
// domain), two multiplications for keys of 17 to 32 bytes. Seeded per map, so that keys crafted
// against one map do nothing to another. Not a cryptographic hash; not equal across byte orders.
//
// How a map uses the bits of a hash:
//   63 downwards  which page (directory)
//   55..44        the slot's twelve further bits
//   11..4         the slot's tophash
//   3..0          the home bucket within the page

inline constexpr std::uint64_t kHashWords[4] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db,
                                                0x8ebc6af09c88c6e3, 0x589965cc75374cc3};

inline std::uint64_t Fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Fold that loses neither side where the other is 0, 1 or -1. Added and not xored: a product with 1
// is the other side, and would cancel it.
inline std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  return Fold(a, b) + (a ^ b);
}

// The form in which HashBytes takes a seed: mixed once per map instead of once per key.
inline std::uint64_t PrepareSeed(std::uint64_t seed) {
  return seed ^ Fold(seed ^ kHashWords[0], kHashWords[1]);
}

namespace detail {

[[gnu::always_inline]] inline std::uint64_t Finish(std::uint64_t a, std::uint64_t b,
                                                   std::uint64_t seed, std::size_t bytes) {
  a ^= kHashWords[1];
  b ^= seed;
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  a += static_cast<std::uint64_t>(product);
  b += static_cast<std::uint64_t>(product >> 64);
  return Fold(a ^ kHashWords[0] ^ bytes, b ^ kHashWords[1]);
}

// The last `left` bytes, more than kTinyBytes and up to kShortBytes, of a run of `bytes`.
[[gnu::always_inline]] inline std::uint64_t FoldTail(const char* at, std::size_t left,
                                                     std::uint64_t seed, std::size_t bytes) {
  const char* end = at + left;
  seed = Mix(ReadWord<std::uint64_t>(at) ^ kHashWords[1], ReadWord<std::uint64_t>(at + 8) ^ seed);
  if (left > 32)
    seed = Mix(ReadWord<std::uint64_t>(at + 16) ^ kHashWords[1],
               ReadWord<std::uint64_t>(at + 24) ^ seed);
  return Finish(ReadWord<std::uint64_t>(end - 16), ReadWord<std::uint64_t>(end - 8), seed, bytes);
}

// Over kShortBytes: three lanes at once, so that the multiplications overlap. Here, so that the
// header is all that hashing needs.
[[gnu::noinline]] inline std::uint64_t HashLong(std::string_view bytes, std::uint64_t seed) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t one = seed;
  std::uint64_t two = seed;
  do {
    seed = Mix(ReadWord<std::uint64_t>(at) ^ kHashWords[1], ReadWord<std::uint64_t>(at + 8) ^ seed);
    one = Mix(ReadWord<std::uint64_t>(at + 16) ^ kHashWords[2],
              ReadWord<std::uint64_t>(at + 24) ^ one);
    two = Mix(ReadWord<std::uint64_t>(at + 32) ^ kHashWords[3],
              ReadWord<std::uint64_t>(at + 40) ^ two);
    at += 48;
    left -= 48;
  } while (left > kShortBytes);
  seed ^= one ^ two;
  if (left > kTinyBytes) return FoldTail(at, left, seed, bytes.size());
  at += left;
  return Finish(ReadWord<std::uint64_t>(at - 16), ReadWord<std::uint64_t>(at - 8), seed,
                bytes.size());
}

}  // namespace detail

// Inlined where it is called up to kShortBytes, and saves no registers there.
[[gnu::always_inline]] inline std::uint64_t HashBytes(std::string_view bytes,
                                                      std::uint64_t prepared_seed) {
  const char* at = bytes.data();
  const std::size_t size = bytes.size();
  if (size > kShortBytes) [[unlikely]]
    return detail::HashLong(bytes, prepared_seed);
  if (size > kTinyBytes) [[likely]]
    return detail::FoldTail(at, size, prepared_seed, size);
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (size >= 4) {
    const std::size_t inner = size >> 3 << 2;
    a = std::uint64_t{ReadWord<std::uint32_t>(at)} << 32 | ReadWord<std::uint32_t>(at + inner);
    b = std::uint64_t{ReadWord<std::uint32_t>(at + size - 4)} << 32 |
        ReadWord<std::uint32_t>(at + size - 4 - inner);
  } else if (size > 0) {
    const auto byte = [at](std::size_t i) {
      return std::uint64_t{static_cast<std::uint8_t>(at[i])};
    };
    a = byte(0) << 16 | byte(size >> 1) << 8 | byte(size - 1);
  }
  return detail::Finish(a, b, prepared_seed, size);
}

// One entry's share of a map's additive digest. `key_hash` is HashBytes(key) under the map's seed.
inline std::uint64_t EntryDigest(std::uint64_t key_hash, std::string_view value) {
  return HashBytes(value, key_hash) + key_hash;
}

// A seed from the kernel's generator; the same on every call only by accident. The one place where
// mapcore draws randomness: a hash seed changes no result, and must not be predictable from
// outside.
std::uint64_t DrawSeed();

}  // namespace portolan::mapcore::hmap
