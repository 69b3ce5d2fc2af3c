#pragma once

#include <cstddef>
#include <string_view>

#include "mapcore/base/result.h"

namespace portolan::mapcore {

// What an entry may be where data enters: checked once, at the door, so that nothing behind it has
// to ask. A key or value that is null (a view of no memory) is refused: somebody's missing value is
// not the empty text.
struct EntryLimits {
  std::size_t key_bytes_max = 512;
  std::size_t value_bytes_max = 65'535;
};

// Errors: kInvalid for a null key, an empty one, or one that is longer than `bytes_max`.
Status CheckKey(std::string_view key, std::size_t bytes_max);
// Errors: kInvalid, naming the key, for a null value or one that is longer than `bytes_max`.
Status CheckValue(std::string_view key, std::string_view value, std::size_t bytes_max);

}  // namespace portolan::mapcore
