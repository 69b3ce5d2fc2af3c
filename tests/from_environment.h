#pragma once

#include <cstdint>
#include <cstdlib>

namespace portolan {

// The number that an environment variable holds: the seed that repeats a run of a randomised test,
// or how long the run is. `otherwise` when it is not set.
inline std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace portolan
