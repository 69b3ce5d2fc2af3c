#include "manifests/artifact.h"

namespace portolan::manifests {

std::string Revision::ToString() const {
  if (commit.empty()) return "(working tree)";
  return branch + "@sha1:" + commit;
}

}  // namespace portolan::manifests
