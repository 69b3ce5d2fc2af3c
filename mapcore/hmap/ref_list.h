#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mapcore/hmap/arena.h"

namespace portolan::mapcore::hmap {

// A list of arena blocks with a number each (their birth, or the epoch that unlinked them), in
// nodes of the arena. Joining two lists is O(1). Reserve() is what can fail; Append() after it
// cannot.
class RefList {
 public:
  struct Item {
    Arena::Ref ref;
    std::uint32_t tag;
  };
  struct Block {
    static constexpr std::uint32_t kItems = 70;
    Block* next;
    std::uint32_t count;
    std::uint32_t unused;
    Item items[kItems];
  };
  static_assert(sizeof(Block) == 576);

  bool empty() const { return first_ == nullptr; }
  // Of a list that is not empty; no block of a list is.
  const Item& first() const { return first_->items[0]; }
  std::size_t blocks() const {
    std::size_t count = 0;
    for (const Block* block = first_; block != nullptr; block = block->next) ++count;
    return count;
  }
  // Appends; `spare` is taken, and set to null, when the last block is full.
  void Append(Item item, Block*& spare) {
    if (NeedsBlock()) {
      spare->next = nullptr;
      spare->count = 0;
      Push(std::exchange(spare, nullptr));
    }
    last_->items[last_->count++] = item;
  }
  bool NeedsBlock() const { return last_ == nullptr || last_->count == Block::kItems; }
  void Join(RefList&& other) {
    if (other.first_ == nullptr) return;
    Push(other.first_);
    last_ = other.last_;
    other.first_ = other.last_ = nullptr;
  }
  // Keeps the items for which keep(item) is true, packed; blocks left empty go to recycle(block).
  // Some time before keep(item) there is soon(item), for those who want to have asked for its
  // memory.
  template <typename Soon, typename Keep, typename Recycle>
  void Filter(const Soon& soon, const Keep& keep, const Recycle& recycle) {
    constexpr std::uint32_t kAhead = 12;  // about as many misses as a core has under way at once
    Block* block = first_;
    first_ = last_ = nullptr;
    while (block != nullptr) {
      Block* next = block->next;
      std::uint32_t kept = 0;
      for (std::uint32_t i = 0; i < std::min(kAhead, block->count); ++i) soon(block->items[i]);
      for (std::uint32_t i = 0; i < block->count; ++i) {
        if (i + kAhead < block->count) soon(block->items[i + kAhead]);
        if (!keep(block->items[i])) continue;
        if (!NeedsBlock())
          last_->items[last_->count++] = block->items[i];
        else
          block->items[kept++] = block->items[i];
      }
      block->count = kept;
      block->next = nullptr;
      if (kept == 0)
        recycle(block);
      else
        Push(block);
      block = next;
    }
  }
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const Block* block = first_; block != nullptr; block = block->next)
      for (std::uint32_t i = 0; i < block->count; ++i) visit(block->items[i]);
  }

 private:
  void Push(Block* block) {
    (last_ == nullptr ? first_ : last_->next) = block;
    last_ = block;
  }

  Block* first_ = nullptr;
  Block* last_ = nullptr;
};

}  // namespace portolan::mapcore::hmap
