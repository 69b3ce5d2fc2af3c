#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace portolan::mapcore {

inline std::uint64_t HashKey(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

// One entry of a map as versions hold it: immutable, and shared by every version that holds this
// key with this value.
struct Record {
  std::string key;
  std::string value;
  std::uint64_t hash;  // HashKey(key)
};
using RecordPtr = std::shared_ptr<const Record>;

inline RecordPtr MakeRecord(std::string key, std::string value) {
  const std::uint64_t hash = HashKey(key);
  return std::make_shared<const Record>(Record{std::move(key), std::move(value), hash});
}

}  // namespace portolan::mapcore
