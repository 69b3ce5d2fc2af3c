#include "mapcore/dual_run.h"

#include <memory>

#include "mapcore/traffic_split.h"

namespace portolan::mapcore {
namespace {

// Places that are looked at for a key; with all of them taken it is counted elsewhere. Bounds the
// time of a lookup when more keys differ than are counted apart.
constexpr std::size_t kProbes = 16;

// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014): consecutive numbers become independent ones.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

DualRun::~DualRun() {
  for (Place& place : places_) delete place.key.load(std::memory_order_relaxed);
}

bool DualRun::Samples() {
  if (share_ >= kWeightMax) return true;
  const std::uint64_t number = lookups_.fetch_add(1, std::memory_order_relaxed);
  return ((Mix(number) >> 32) * kWeightMax) >> 32 < share_;
}

// Each sum is added to after what it is a part of, and Take reads the parts first: a part is never
// larger than its whole.
void DualRun::Count(std::string_view key, std::optional<std::string_view> stable,
                    std::optional<std::string_view> canary) {
  compared_.fetch_add(1, std::memory_order_relaxed);
  if (stable == canary) return;
  differing_.fetch_add(1, std::memory_order_release);
  const bool lost = stable && !canary;
  if (lost) lost_.fetch_add(1, std::memory_order_release);
  Place* const place = PlaceOf(key);
  if (place == nullptr) {
    elsewhere_.fetch_add(1, std::memory_order_release);
    return;
  }
  place->differing.fetch_add(1, std::memory_order_release);
  if (lost) place->lost.fetch_add(1, std::memory_order_release);
}

// A place is taken once, by the first of the threads that race for it; the key behind it never
// changes, so reading it needs the acquire of its pointer only.
DualRun::Place* DualRun::PlaceOf(std::string_view key) {
  const std::size_t first = Murmur3(key, 0);
  for (std::size_t i = 0; i < kProbes; ++i) {
    Place& place = places_[(first + i) % kKeys];
    const std::string* held = place.key.load(std::memory_order_acquire);
    if (held == nullptr) {
      auto mine = std::make_unique<const std::string>(key);
      if (place.key.compare_exchange_strong(held, mine.get(), std::memory_order_acq_rel,
                                            std::memory_order_acquire))
        held = mine.release();
    }
    if (*held == key) return &place;
  }
  return nullptr;
}

DualRun::Counts DualRun::Take() {
  Counts counts;
  for (Place& place : places_) {
    const std::string* const key = place.key.load(std::memory_order_acquire);
    if (key == nullptr) continue;
    const std::int64_t lost = place.lost.exchange(0, std::memory_order_acquire);
    const std::int64_t differing = place.differing.exchange(0, std::memory_order_acquire);
    if (differing > 0 || lost > 0) counts.keys.push_back({*key, differing, lost});
  }
  counts.elsewhere = elsewhere_.exchange(0, std::memory_order_acquire);
  counts.lost = lost_.exchange(0, std::memory_order_acquire);
  counts.differing = differing_.exchange(0, std::memory_order_acquire);
  counts.compared = compared_.exchange(0, std::memory_order_relaxed);
  return counts;
}

}  // namespace portolan::mapcore
