#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace portolan::mapcore {

// A hash function for tests that choose where in a map a key goes: the key is its hash, as sixteen
// hexadecimal digits. Takes what KeyOf made, and ignores the seed.
inline std::uint64_t KeyIsHash(std::string_view key, std::uint64_t) {
  return std::stoull(std::string(key.substr(0, 16)), nullptr, 16);
}

// A key of that hash, another one for each number.
inline std::string KeyOf(std::uint64_t hash, int number = 0) {
  char text[40];
  std::snprintf(text, sizeof text, "%016llx/%d", static_cast<unsigned long long>(hash), number);
  return text;
}

}  // namespace portolan::mapcore
