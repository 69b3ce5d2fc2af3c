#include "mapcore/hmap/hash.h"

#include <sys/random.h>

namespace portolan::mapcore::hmap {
namespace detail {

std::uint64_t HashLong(std::string_view bytes, std::uint64_t seed) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t one = seed;
  std::uint64_t two = seed;
  do {
    seed = Mix(Read<std::uint64_t>(at) ^ kHashWords[1], Read<std::uint64_t>(at + 8) ^ seed);
    one = Mix(Read<std::uint64_t>(at + 16) ^ kHashWords[2], Read<std::uint64_t>(at + 24) ^ one);
    two = Mix(Read<std::uint64_t>(at + 32) ^ kHashWords[3], Read<std::uint64_t>(at + 40) ^ two);
    at += 48;
    left -= 48;
  } while (left > 48);
  seed ^= one ^ two;
  if (left > 16) return FoldTail(at, left, seed, bytes.size());
  at += left;
  return Finish(Read<std::uint64_t>(at - 16), Read<std::uint64_t>(at - 8), seed, bytes.size());
}

}  // namespace detail

std::uint64_t DrawSeed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == sizeof seed) return seed;
  // An early boot without entropy: the layout of the address space is the best that is left.
  return Fold(reinterpret_cast<std::uintptr_t>(&seed) ^ kHashWords[2],
              reinterpret_cast<std::uintptr_t>(&DrawSeed) ^ kHashWords[3]);
}

}  // namespace portolan::mapcore::hmap
