#include "mapcore/shared/epoch_map.h"

#include <utility>

namespace portolan::mapcore {

class EpochMap::Session : public MapSession {
 public:
  explicit Session(EpochMap& map) : MapSession(map), map_(map), reader_(map.readers_) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override {
    const hmap::ReadScope scope(reader_);
    const auto found = map_.map_->FindLive(scope, key);
    if (!found) return Found::kMiss;
    value.assign(*found);
    return Found::kHit;
  }
  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    const std::lock_guard lock(map_.writers_);
    return map_.map_->Put(key, value);
  }
  Result<bool> DoErase(std::string_view key) override {
    const std::lock_guard lock(map_.writers_);
    return map_.map_->Erase(key);
  }

  EpochMap& map_;
  hmap::Reader reader_;
};

Result<std::unique_ptr<EpochMap>> EpochMap::Create(HmapOptions options, const EntryLimits& limits,
                                                   hmap::ReaderDomain::Fences fences) {
  std::unique_ptr<EpochMap> map(new EpochMap(limits, fences));
  options.readers = &map->readers_;
  PORTOLAN_TRY(Hmap made, Hmap::Create(std::move(options)));
  map->map_.emplace(std::move(made));
  return map;
}

std::unique_ptr<MapSession> EpochMap::Open() {
  return std::make_unique<Session>(*this);
}

std::uint64_t EpochMap::size() const {
  const std::lock_guard lock(writers_);
  return map_->size();
}

Result<Snapshot> EpochMap::TakeSnapshot(std::uint64_t version, std::int64_t timestamp_ms) {
  const std::lock_guard lock(writers_);
  return map_->TakeSnapshot(version, timestamp_ms);
}

hmap::Lineage::Waiting EpochMap::waiting() const {
  const std::lock_guard lock(writers_);
  return map_->waiting();
}

}  // namespace portolan::mapcore
