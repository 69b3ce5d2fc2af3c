#include "mapcore/shared/locked_map.h"

#include <mutex>
#include <utility>

namespace portolan::mapcore {

class LockedMap::Session : public MapSession {
 public:
  explicit Session(LockedMap& map) : MapSession(map), map_(map) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override {
    const std::shared_lock lock(map_.mutex_);
    const auto found = map_.map_->Find(key);
    if (!found) return Found::kMiss;
    value.assign(*found);
    return Found::kHit;
  }
  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    const std::lock_guard lock(map_.mutex_);
    return map_.map_->Put(key, value);
  }
  Result<bool> DoErase(std::string_view key) override {
    const std::lock_guard lock(map_.mutex_);
    return map_.map_->Erase(key);
  }

  LockedMap& map_;
};

Result<std::unique_ptr<LockedMap>> LockedMap::Create(HmapOptions options,
                                                     const EntryLimits& limits) {
  PORTOLAN_TRY(Hmap map, Hmap::Create(std::move(options)));
  return std::make_unique<LockedMap>(PooledMap(std::move(map)), limits);
}

std::unique_ptr<MapSession> LockedMap::Open() {
  return std::make_unique<Session>(*this);
}

std::uint64_t LockedMap::size() const {
  const std::shared_lock lock(mutex_);
  return map_->size();
}

}  // namespace portolan::mapcore
