#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {
namespace {

// A tally has one writer, its session: no read-modify-write is needed.
void Count(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

MapSession::MapSession(SharedMap& map) : map_(map), tally_(map.TakeTally()) {}

MapSession::~MapSession() {
  map_.ReturnTally(tally_);
}

Found MapSession::Find(std::string_view key, std::string& value) {
  const Found found = DoFind(key, value);
  Count(found == Found::kHit    ? tally_.hits
        : found == Found::kMiss ? tally_.misses
                                : tally_.unavailable);
  return found;
}

Result<bool> MapSession::Counted(Result<bool> done) {
  Count(done.ok() ? tally_.writes : tally_.refused);
  return done;
}

Result<bool> MapSession::Put(std::string_view key, std::string_view value) {
  Status allowed = CheckKey(key, map_.limits().key_bytes_max);
  if (allowed.ok()) allowed = CheckValue(key, value, map_.limits().value_bytes_max);
  return Counted(allowed.ok() ? DoPut(key, value) : Result<bool>(std::move(allowed).error()));
}

Result<bool> MapSession::Erase(std::string_view key) {
  Status allowed = CheckKey(key, map_.limits().key_bytes_max);
  return Counted(allowed.ok() ? DoErase(key) : Result<bool>(std::move(allowed).error()));
}

SharedMap::~SharedMap() = default;

MapSession::Tally& SharedMap::TakeTally() {
  const std::lock_guard lock(mutex_);
  for (const auto& tally : tallies_)
    if (!tally->taken) {
      tally->taken = true;
      return *tally;
    }
  tallies_.push_back(std::make_unique<MapSession::Tally>());
  tallies_.back()->taken = true;
  return *tallies_.back();
}

void SharedMap::ReturnTally(MapSession::Tally& tally) {
  const std::lock_guard lock(mutex_);
  tally.taken = false;
}

SharedMapCounters SharedMap::counters() const {
  const std::lock_guard lock(mutex_);
  SharedMapCounters sum;
  for (const auto& tally : tallies_) {
    sum.hits += tally->hits.load(std::memory_order_relaxed);
    sum.misses += tally->misses.load(std::memory_order_relaxed);
    sum.unavailable += tally->unavailable.load(std::memory_order_relaxed);
    sum.writes += tally->writes.load(std::memory_order_relaxed);
    sum.refused += tally->refused.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace portolan::mapcore
