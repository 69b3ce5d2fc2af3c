#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "mapcore/base/clock.h"
#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// A token bucket as one number, the time at which it will be full again (the generic cell rate
// algorithm, ITU-T I.371): no lock, nothing to refill. Holds `burst` tokens at first, and gains
// `per_second` of them. Thread-safe.
class TokenBucket {
 public:
  // `per_second` in 1..10^9, `burst` at least 1. Where the clock ticks in milliseconds, a burst of
  // per_second / 1000 at least lets the whole rate through.
  TokenBucket(std::uint64_t per_second, std::uint64_t burst);

  // Takes a token at monotonic time `now`; when there is none, says how long until there is one.
  // Zero: taken.
  Duration Take(Duration now);

 private:
  const std::int64_t token_ns_;
  const std::int64_t burst_ns_;
  std::atomic<std::int64_t> full_at_ns_{INT64_MIN};
};

// Admits writes to another map at a rate, and refuses the others at once, so that a storm of
// writers becomes errors at its source instead of queues at the locks. Lookups pass.
//
// Put and Erase: kUnavailable, with the time to wait, when the bucket is empty.
class AdmittedMap : public SharedMap {
 public:
  // `clock` outlives the map.
  AdmittedMap(std::unique_ptr<SharedMap> map, std::uint64_t per_second, std::uint64_t burst,
              const Clock& clock);

  std::unique_ptr<MapSession> Open() override;
  std::uint64_t size() const override { return map_->size(); }
  std::string_view name() const override { return "admitted"; }
  hmap::Lineage::Waiting waiting() const override { return map_->waiting(); }
  bool barrier_lost() const override { return behind().barrier_lost(); }
  const SharedMap& behind() const { return *map_; }

 private:
  class Session;
  const std::unique_ptr<SharedMap> map_;
  TokenBucket bucket_;
  const Clock& clock_;
};

}  // namespace portolan::mapcore
