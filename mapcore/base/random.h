#pragma once

#include <cstdint>

namespace portolan {

// A seeded generator (SplitMix64; Steele, Lea, Flood, OOPSLA 2014): equal seeds give equal
// sequences on every platform. Not for secrets. Not thread-safe.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound); the bias is below 2^-32 for bounds under 2^32. `bound` must not be 0.
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace portolan
