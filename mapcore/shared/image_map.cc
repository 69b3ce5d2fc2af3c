#include "mapcore/shared/image_map.h"

#include <string>
#include <utility>

namespace portolan::mapcore {
namespace {

constexpr char kPresent = '+';
constexpr std::string_view kErased = "-";

}  // namespace

class ImageMap::Session : public MapSession {
 public:
  explicit Session(ImageMap& map) : MapSession(map), map_(map), reader_(map.readers_) {}

 private:
  Found DoFind(std::string_view key, std::string& value) override {
    {
      const hmap::ReadScope scope(reader_);
      if (const auto change = map_.changes_->FindLive(scope, key)) {
        if (*change == kErased) return Found::kMiss;
        value.assign(change->substr(1));
        return Found::kHit;
      }
    }
    const auto original = map_.image_->Find(key);
    if (!original) return Found::kMiss;
    value.assign(*original);
    return Found::kHit;
  }

  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    std::string change(1, kPresent);
    change += value;
    const std::lock_guard lock(map_.writers_);
    const bool fresh = !map_.Holds(key);
    PORTOLAN_CHECK(map_.changes_->Put(key, change));
    if (fresh) map_.size_.fetch_add(1, std::memory_order_relaxed);
    return fresh;
  }

  Result<bool> DoErase(std::string_view key) override {
    const std::lock_guard lock(map_.writers_);
    if (!map_.Holds(key)) return false;
    if (map_.image_->Contains(key))
      PORTOLAN_CHECK(map_.changes_->Put(key, kErased));
    else
      PORTOLAN_CHECK(map_.changes_->Erase(key));
    map_.size_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }

  ImageMap& map_;
  hmap::Reader reader_;
};

Result<std::unique_ptr<ImageMap>> ImageMap::Create(std::shared_ptr<const MapImage> image,
                                                   HmapOptions changes, const EntryLimits& limits,
                                                   hmap::ReaderDomain::Fences fences) {
  std::unique_ptr<ImageMap> map(new ImageMap(std::move(image), limits, fences));
  changes.readers = &map->readers_;
  PORTOLAN_TRY(Hmap made, Hmap::Create(std::move(changes)));
  map->changes_.emplace(std::move(made));
  return map;
}

// Under writers_.
bool ImageMap::Holds(std::string_view key) const {
  if (const auto change = changes_->Find(key)) return *change != kErased;
  return image_->Contains(key);
}

std::unique_ptr<MapSession> ImageMap::Open() {
  return std::make_unique<Session>(*this);
}

std::uint64_t ImageMap::changes() const {
  const std::lock_guard lock(writers_);
  return changes_->size();
}

hmap::Lineage::Waiting ImageMap::waiting() const {
  const std::lock_guard lock(writers_);
  return changes_->waiting();
}

}  // namespace portolan::mapcore
