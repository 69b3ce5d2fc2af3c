#pragma once

#include <cstdint>

namespace portolan::bench {

// How often this program has called operator new so far, on all threads.
std::uint64_t Allocations();

}  // namespace portolan::bench
