#include "controller/reconcile/version_cache.h"

namespace portolan::controller {

mapcore::VersionPtr VersionCache::Peek(const Digest& digest) {
  const std::scoped_lock lock(mutex_);
  const auto found = held_.find(digest);
  return found == held_.end() ? nullptr : found->second.lock();
}

void VersionCache::Remember(const mapcore::VersionPtr& version) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(held_, [](const auto& item) { return item.second.expired(); });
  held_[version->digest()] = version;
}

Result<mapcore::VersionPtr> VersionCache::Get(const Digest& digest) {
  if (mapcore::VersionPtr version = Peek(digest)) return version;
  return Reload(digest);
}

Result<mapcore::VersionPtr> VersionCache::Reload(const Digest& digest) {
  PORTOLAN_TRY(const std::string bytes, store_.GetBlob(digest));
  PORTOLAN_TRY(mapcore::VersionPtr version, mapcore::MapVersion::Deserialize(bytes));
  Remember(version);
  return version;
}

Status VersionCache::Put(const mapcore::VersionPtr& version) {
  if (Peek(version->digest()) != nullptr) return {};
  PORTOLAN_CHECK(store_.PutBlob(version->Serialize()));
  Remember(version);
  return {};
}

}  // namespace portolan::controller
