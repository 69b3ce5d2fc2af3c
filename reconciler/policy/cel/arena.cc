#include "reconciler/policy/cel/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace portolan::reconciler::cel {

namespace {

constexpr std::size_t kChunkBytes = 16 * 1024;       // the least size of a chunk
constexpr std::size_t kKeptBytes = 4 * kChunkBytes;  // at most, over a Reset()

}  // namespace

void* Arena::Allocate(std::size_t size, std::size_t alignment) {
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

// Who outgrew the first kilobyte, which is part of the object, is likely to do so again: one chunk
// stays and takes its place, unless so much was handed out that it may be a large one.
void Arena::Reset() {
  const bool keep = !chunks_.empty() && bytes_ <= kKeptBytes;
  chunks_.resize(keep ? 1 : 0);
  next_ = keep ? chunks_.front().get() : inline_;
  left_ = keep ? kChunkBytes : kInlineBytes;
  bytes_ = 0;
}

}  // namespace portolan::reconciler::cel
