#pragma once

#include <cstdint>

namespace portolan::mapcore {

// Calls of operator new by this thread so far; of the whole program's, which heap.cc replaces.
std::uint64_t HeapCalls();

// Makes operator new fail for this thread: after `granted` calls, so many in a row, which throw or
// return null as each is meant to. One at a time.
class HeapFault {
 public:
  explicit HeapFault(std::uint64_t granted, std::uint64_t failures = UINT64_MAX);
  ~HeapFault();
  HeapFault(const HeapFault&) = delete;
  HeapFault& operator=(const HeapFault&) = delete;

  // Whether a call has failed.
  bool met() const;
};

}  // namespace portolan::mapcore
