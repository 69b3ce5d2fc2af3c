#include "manifests/desired_state.h"

#include "manifests/entries.h"

namespace portolan::manifests {

bool DesiredMap::IsSensitive(std::string_view key) const {
  return IsSensitiveKey(sensitive, key);
}

}  // namespace portolan::manifests
