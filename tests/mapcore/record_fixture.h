#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "mapcore/hmap/record.h"

namespace portolan::mapcore {

// A record outside of any map, for tests of what only points at records. It lives until the program
// ends.
inline const hmap::Record* MakeRecord(std::string_view key, std::string_view value) {
  static std::deque<std::vector<std::uint64_t>> memory;
  memory.emplace_back(hmap::Record::BytesFor(key.size(), value.size()) / 8);
  return hmap::Record::Make(memory.back().data(), 1, key, value);
}

}  // namespace portolan::mapcore
