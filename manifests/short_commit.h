#pragma once

#include <string>
#include <string_view>

namespace portolan::manifests {

// A commit as sentences name it: its first 7 digits.
inline std::string ShortCommit(std::string_view commit) {
  return std::string(commit.substr(0, 7));
}

}  // namespace portolan::manifests
