#pragma once

#include <algorithm>
#include <cstddef>

#include "reconciler/policy/cel/arena.h"

namespace portolan::reconciler::cel {

// A growing array in an arena. What it outgrows stays there until the arena is reset.
template <typename T>
class Buffer {
 public:
  explicit Buffer(Arena& arena) : arena_(arena) {}

  void Add(const T& item) {
    if (size_ == capacity_) Grow();
    data_[size_++] = item;
  }
  T* data() { return data_; }
  std::size_t size() const { return size_; }

 private:
  void Grow() {
    capacity_ = std::max<std::size_t>(capacity_ * 2, 4);
    T* const larger = arena_.NewArray<T>(capacity_);
    std::copy_n(data_, size_, larger);
    data_ = larger;
  }

  Arena& arena_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace portolan::reconciler::cel
