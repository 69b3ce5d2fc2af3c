#pragma once

#include <cstdint>
#include <utility>

namespace portolan::mapcore {

// What readers of up to its epoch may be in, oldest first but for what threads retired at once.
// Linked through T's `next`, so that to note it takes no memory; T's `epoch` says when readers
// could find it last. Does not own. One thread at a time.
template <typename T>
struct Retired {
  T* first = nullptr;
  T* last = nullptr;
  std::uint32_t count = 0;

  void Push(T* what) {
    what->next = nullptr;
    (last == nullptr ? first : last->next) = what;
    last = what;
    ++count;
  }
  // Calls free(what) for what no reader can be in when those of up to `passed` are gone.
  template <typename Free>
  void FreePassed(std::uint32_t passed, const Free& free) {
    for (; first != nullptr && first->epoch <= passed; --count)
      free(std::exchange(first, first->next));
    if (first == nullptr) last = nullptr;
  }
};

}  // namespace portolan::mapcore
