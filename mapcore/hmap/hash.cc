#include "mapcore/hmap/hash.h"

#include <sys/random.h>

namespace portolan::mapcore::hmap {

std::uint64_t DrawSeed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == sizeof seed) return seed;
  // An early boot without entropy: the layout of the address space is the best that is left.
  return Fold(reinterpret_cast<std::uintptr_t>(&seed) ^ kHashWords[2],
              reinterpret_cast<std::uintptr_t>(&DrawSeed) ^ kHashWords[3]);
}

}  // namespace portolan::mapcore::hmap
