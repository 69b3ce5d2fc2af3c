#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace portolan::controller {

// What clients sent of one kind and no round has taken up yet, first in, first out, within a number
// of bytes. What it has taken it keeps; what it has no room for it refuses as a whole, so that the
// sender can send it again: nothing is ever dropped. Not thread-safe.
template <typename T>
class BoundedInbox {
 public:
  explicit BoundedInbox(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // All or none; `bytes_of` says about how much memory one item takes. An empty inbox takes
  // anything, for it will never have more room. O(items).
  template <typename BytesOf>
  [[nodiscard]] bool Add(std::vector<T> items, BytesOf bytes_of) {
    std::size_t more = 0;
    for (const T& item : items) more += bytes_of(item);
    if (!items_.empty() && bytes_ + more > bytes_max_) {
      ++refused_;
      return false;
    }
    for (T& item : items) {
      const std::size_t bytes = bytes_of(item);
      items_.push_back({std::move(item), bytes});
    }
    bytes_ += more;
    return true;
  }

  // At most `max` items, those that came first; O(max).
  std::vector<T> Take(std::size_t max) {
    std::vector<T> taken;
    for (; taken.size() < max && !items_.empty(); items_.pop_front()) {
      bytes_ -= items_.front().bytes;
      taken.push_back(std::move(items_.front().item));
    }
    return taken;
  }

  bool empty() const { return items_.empty(); }
  std::size_t bytes() const { return bytes_; }
  // Calls of Add that found no room.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Waiting {
    T item;
    std::size_t bytes = 0;
  };

  const std::size_t bytes_max_;
  std::deque<Waiting> items_;
  std::size_t bytes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace portolan::controller
