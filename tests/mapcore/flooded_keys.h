#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "mapcore/hmap/hash.h"

namespace portolan::mapcore {

// The n-th of 2^32 keys that all have one hash, all 64 bits of it, under the seed: what somebody
// who knows a map's seed can send it. HashBytes ends in a product, one factor of which is the sum
// of a and the low half of a * b, xored with a constant; b is a word of the key xored with the
// seed. For every odd a there is a b that makes that factor zero.
inline std::string FloodKey(std::uint64_t seed, std::uint32_t n) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::size_t kBytes = 16;
  const std::uint64_t a = 2 * std::uint64_t{n} + 1;
  std::uint64_t inverse = a;  // modulo 2^64, by Newton: each step doubles the bits that are right
  for (int i = 0; i < 6; ++i) inverse *= 2 - a * inverse;
  const std::uint64_t b = inverse * ((hmap::kHashWords[0] ^ kBytes) - a);
  // HashBytes reads a key of 16 bytes as its words 0 and 2, and 3 and 1.
  const std::uint64_t first = a ^ hmap::kHashWords[1];
  const std::uint64_t second = b ^ hmap::PrepareSeed(seed);
  const std::uint32_t words[4] = {
      static_cast<std::uint32_t>(first >> 32), static_cast<std::uint32_t>(second),
      static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second >> 32)};
  std::string key(kBytes, '\0');
  std::memcpy(key.data(), words, sizeof words);
  return key;
}

}  // namespace portolan::mapcore
