#pragma once

#include <mutex>
#include <unordered_map>

#include "mapcore/map_version.h"
#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// The map versions that somebody holds, by digest, read from the store when nobody does.
// Thread-safe; a read from the store does not block readers of versions that are in memory.
class VersionCache {
 public:
  explicit VersionCache(reconciler::StateStore& store) : store_(store) {}

  // Errors: kNotFound, kCorrupt, kUnavailable of the store.
  Result<mapcore::VersionPtr> Get(const Digest& digest);
  // Stores the version before it is used anywhere, so that every digest in a record can be read
  // back.
  Status Put(const mapcore::VersionPtr& version);
  // Reads the version from the store although somebody holds it, for everybody who asks from now
  // on. Errors: those of Get.
  Result<mapcore::VersionPtr> Reload(const Digest& digest);
  // The version if it is in memory.
  mapcore::VersionPtr Peek(const Digest& digest);

 private:
  void Remember(const mapcore::VersionPtr& version);

  reconciler::StateStore& store_;
  std::mutex mutex_;
  std::unordered_map<Digest, std::weak_ptr<const mapcore::MapVersion>, DigestHash> held_;
};

}  // namespace portolan::controller
