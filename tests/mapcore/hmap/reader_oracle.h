#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "mapcore/hmap.h"

namespace portolan::mapcore {

// Keys whose values tell their key, and how often it was written: what a reader beside the writer
// may be answered follows from the answer.
inline std::string CountedKey(int i) {
  return "ns/" + std::to_string(i % 37) + "/" + std::to_string(i);
}

inline std::string CountedValue(int key, std::uint64_t count) {
  return std::to_string(key) + ":" + std::to_string(count) + std::string(count % 90, '.');
}

// One reader's: counts answers that are wrong. Those are a key that is always there and was missed,
// a value that is not one of its key's, and a count that went back.
class CountedReads {
 public:
  // Keys below `always` are always there.
  CountedReads(int keys, int always) : last_(static_cast<std::size_t>(keys)), always_(always) {}

  void Find(const Hmap& map, const hmap::ReadScope& scope, int key) {
    ++reads_;
    const auto value = map.FindLive(scope, CountedKey(key));
    if (!value) {
      bad_ += key < always_;
      return;
    }
    const std::string text(*value);
    const std::size_t colon = text.find(':');
    const std::uint64_t count =
        colon == std::string::npos ? 0 : std::strtoull(text.c_str() + colon + 1, nullptr, 10);
    std::uint64_t& last = last_[static_cast<std::size_t>(key)];
    bad_ += text != CountedValue(key, count) || count < last;
    last = count;
  }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t bad() const { return bad_; }

 private:
  std::vector<std::uint64_t> last_;
  int always_;
  std::uint64_t reads_ = 0;
  std::uint64_t bad_ = 0;
};

}  // namespace portolan::mapcore
