#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace portolan::reconciler::cel {

// Memory that is given back all at once. What an evaluation builds (strings, lists, maps) lives
// here until Reset() or the arena's end; destructors are never run. The first kilobyte is part of
// the object, so that a small evaluation touches no heap. Not thread-safe.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `alignment` is a power of two, at most that of std::max_align_t.
  void* Allocate(std::size_t size, std::size_t alignment);

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }
  // Default-initialised elements.
  template <typename T>
  T* NewArray(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T) * count, alignof(T))) T[count];
  }
  std::string_view Copy(std::string_view text);

  // Invalidates everything that was allocated.
  void Reset();
  // Handed out since the last Reset().
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kInlineBytes = 1024;

  alignas(std::max_align_t) std::byte inline_[kInlineBytes];
  std::byte* next_ = inline_;
  std::size_t left_ = kInlineBytes;
  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
};

}  // namespace portolan::reconciler::cel
