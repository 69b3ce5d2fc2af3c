#pragma once

#include "mapcore/map_version.h"

namespace portolan {

// Changes the value of a key where the version has it in memory, as a stray write would.
inline void DamageValue(const mapcore::MapVersion& version, std::string_view key) {
  const_cast<char*>(version.Find(key)->data())[0] ^= 1;
}

}  // namespace portolan
