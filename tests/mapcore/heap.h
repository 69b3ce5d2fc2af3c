#pragma once

#include <cstddef>
#include <cstdint>
#include <semaphore>

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

// Holds a thread up in a call of operator new, and so in whatever it does there.
class HeapStop {
 public:
  // This thread's next call stands still.
  void Arm();
  // Another thread's: until the call is there; to let it go on.
  void Await() { there_.acquire(); }
  void LetGo() { go_.release(); }

 private:
  friend void* TakeFromHeap(std::size_t bytes);
  std::binary_semaphore there_{0};
  std::binary_semaphore go_{0};
};

}  // namespace portolan::mapcore
