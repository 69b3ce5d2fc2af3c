#include "mapcore/entry_limits.h"

#include <string>

namespace portolan::mapcore {
namespace {

constexpr std::size_t kShownBytes = 40;  // of a key that is too long

}  // namespace

Status CheckKey(std::string_view key, std::size_t bytes_max) {
  if (!key.empty() && key.size() <= bytes_max) return {};
  const std::string expected = "expected a key of 1 to " + std::to_string(bytes_max) + " bytes, ";
  if (key.data() == nullptr) return Error{ErrorCode::kInvalid, expected + "found null"};
  if (key.empty()) return Error{ErrorCode::kInvalid, expected + "found an empty one"};
  return Error{ErrorCode::kInvalid, expected + "found " + std::to_string(key.size()) +
                                        " bytes: \"" + std::string(key.substr(0, kShownBytes)) +
                                        "…\""};
}

Status CheckValue(std::string_view key, std::string_view value, std::size_t bytes_max) {
  if (value.data() != nullptr && value.size() <= bytes_max) return {};
  const std::string found =
      value.data() == nullptr ? "null; erase the key instead" : std::to_string(value.size());
  return Error{ErrorCode::kInvalid, "key \"" + std::string(key) +
                                        "\": expected a value of at most " +
                                        std::to_string(bytes_max) + " bytes, found " + found};
}

}  // namespace portolan::mapcore
