#include "mapcore/shared/admission.h"

#include <algorithm>
#include <utility>

namespace portolan::mapcore {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

TokenBucket::TokenBucket(std::uint64_t per_second, std::uint64_t burst)
    : token_ns_(kNsPerSecond / static_cast<std::int64_t>(std::clamp<std::uint64_t>(
                                   per_second, 1, static_cast<std::uint64_t>(kNsPerSecond)))),
      burst_ns_(token_ns_ * static_cast<std::int64_t>(std::max<std::uint64_t>(burst, 1))) {}

Duration TokenBucket::Take(Duration now) {
  const std::int64_t now_ns = now.count() * kNsPerMs;
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t next = std::max(full_at, now_ns) + token_ns_;
    const std::int64_t early_ns = next - burst_ns_ - now_ns;
    if (early_ns > 0) return Duration((early_ns + kNsPerMs - 1) / kNsPerMs);
    if (full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed))
      return Duration(0);
  }
}

class AdmittedMap::Session : public MapSession {
 public:
  explicit Session(AdmittedMap& map) : MapSession(map), map_(map), behind_(map.map_->Open()) {}

 private:
  Status Admit() {
    const Duration wait = map_.bucket_.Take(map_.clock_.now().mono);
    if (wait.count() == 0) return {};
    return Error{ErrorCode::kUnavailable,
                 "the map takes no more writes now: its rate is used up; try again in " +
                     FormatDuration(wait)};
  }
  Found DoFind(std::string_view key, std::string& value) override {
    return behind_->Find(key, value);
  }
  Result<bool> DoPut(std::string_view key, std::string_view value) override {
    PORTOLAN_CHECK(Admit());
    return behind_->Put(key, value);
  }
  Result<bool> DoErase(std::string_view key) override {
    PORTOLAN_CHECK(Admit());
    return behind_->Erase(key);
  }

  AdmittedMap& map_;
  const std::unique_ptr<MapSession> behind_;
};

AdmittedMap::AdmittedMap(std::unique_ptr<SharedMap> map, std::uint64_t per_second,
                         std::uint64_t burst, const Clock& clock)
    : SharedMap(map->limits()), map_(std::move(map)), bucket_(per_second, burst), clock_(clock) {}

std::unique_ptr<MapSession> AdmittedMap::Open() {
  return std::make_unique<Session>(*this);
}

}  // namespace portolan::mapcore
