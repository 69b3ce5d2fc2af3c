#include "reconciler/policy/cel/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace portolan::reconciler::cel {

void* Arena::Allocate(std::size_t size, std::size_t alignment) {
  constexpr std::size_t kChunkBytes = 16 * 1024;
  const std::size_t padding =
      (alignment - reinterpret_cast<std::uintptr_t>(next_) % alignment) % alignment;
  if (size + padding > left_) {
    const std::size_t chunk = std::max(size, kChunkBytes);
    chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(chunk));
    if (size > kChunkBytes / 4) {  // the current chunk stays in use
      bytes_ += size;
      return chunks_.back().get();
    }
    next_ = chunks_.back().get();
    left_ = chunk;
    return Allocate(size, alignment);
  }
  bytes_ += size;
  // What is allocated is never given back alone: the arena's end is the end of all.
  std::byte* const result = next_ + padding;
  next_ = result + size;
  left_ -= size + padding;
  return result;
}

std::string_view Arena::Copy(std::string_view text) {
  if (text.empty()) return {};
  char* const copy = static_cast<char*>(Allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

// Back to the first kilobyte, which is part of the object: most evaluations need no more.
void Arena::Reset() {
  chunks_.clear();
  next_ = inline_;
  left_ = kInlineBytes;
  bytes_ = 0;
}

}  // namespace portolan::reconciler::cel
