#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/reconcile/version_cache.h"
#include "mapcore/live_map.h"
#include "reconciler/drift.h"

namespace portolan::controller {

// A version that is served with other entries than its digest says: its memory changed.
struct Damage {
  std::weak_ptr<const mapcore::MapVersion> version;
  mapcore::VersionPtr stored;       // read anew; null when it could not be
  reconciler::DriftedKeys drifted;  // of the damaged one from the stored one
  std::string message;
};

// Hashes what lookups read: a digest says what a version was when it was made, not what is in its
// memory now. Thread-safe.
class ContentCheck {
 public:
  // Both outlive this.
  ContentCheck(mapcore::Catalog& catalog, VersionCache& versions)
      : catalog_(catalog), versions_(versions) {}

  // The versions of both arms that are damaged; whoever asks the cache for one of them from now on
  // gets it as it is stored. O(entries).
  std::vector<Damage> Check(const std::string& map);

 private:
  mapcore::Catalog& catalog_;
  VersionCache& versions_;
};

}  // namespace portolan::controller
