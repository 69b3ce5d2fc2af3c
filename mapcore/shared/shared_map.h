#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "mapcore/entry_limits.h"
#include "mapcore/hmap/lineage.h"

namespace portolan::mapcore {

class SharedMap;

// What a lookup found.
enum class Found {
  kHit,
  kMiss,
  kUnavailable,  // not known: the source behind the map did not answer
};

// What the sessions of a map did so far.
struct SharedMapCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t unavailable = 0;
  std::uint64_t writes = 0;   // Put and Erase that succeeded
  std::uint64_t refused = 0;  // those that failed
};

// One thread's way into a SharedMap; make it once per thread, not per lookup. It counts for itself,
// in a cache line of its own, so that counting never makes two threads wait for each other.
//
// Ends before its map.
class MapSession {
 public:
  explicit MapSession(SharedMap& map);
  virtual ~MapSession();
  MapSession(const MapSession&) = delete;
  MapSession& operator=(const MapSession&) = delete;

  // Copies the key's value into `value`, whose memory is used again: a loop that keeps its string
  // allocates nothing. `value` is unspecified unless the result is kHit.
  Found Find(std::string_view key, std::string& value);
  // Inserts or overwrites; true when the key is new. Errors: kInvalid for what EntryLimits refuse,
  // kExhausted when memory is out, and what the map's own header names.
  Result<bool> Put(std::string_view key, std::string_view value);
  // True when the key was there. Errors: as Put.
  Result<bool> Erase(std::string_view key);

 private:
  friend class SharedMap;
  struct alignas(64) Tally {
    std::atomic<std::uint64_t> hits{0}, misses{0}, unavailable{0}, writes{0}, refused{0};
    bool taken = false;  // under the map's mutex
  };
  virtual Found DoFind(std::string_view key, std::string& value) = 0;
  virtual Result<bool> DoPut(std::string_view key, std::string_view value) = 0;
  virtual Result<bool> DoErase(std::string_view key) = 0;
  Result<bool> Counted(Result<bool> done);

  SharedMap& map_;
  Tally& tally_;
};

// A map that threads share: one interface for every way to share it. Which way to take is a matter
// of who writes how much; docs/mapcore.md has the table and MakeMap() (make_map.h) decides by it.
//
// Each key is linearizable: a lookup that begins after a Put has returned sees it, or a later one.
// Thread-safe; outlives its sessions.
class SharedMap {
 public:
  explicit SharedMap(const EntryLimits& limits = {}) : limits_(limits) {}
  virtual ~SharedMap();
  SharedMap(const SharedMap&) = delete;
  SharedMap& operator=(const SharedMap&) = delete;

  virtual std::unique_ptr<MapSession> Open() = 0;
  virtual std::uint64_t size() const = 0;
  virtual std::string_view name() const = 0;  // "epoch", for people and metrics
  // What was replaced and cannot be freed before a lookup ends that is under way. None in maps
  // whose lookups take a lock. O(blocks).
  virtual hmap::Lineage::Waiting waiting() const { return {}; }
  // Whether the machine took away what lookups relied on, see ReaderDomain::barrier_lost. They
  // fence since, and stay right; nothing of that is freed until each session has looked once more,
  // or is gone.
  virtual bool barrier_lost() const { return false; }

  const EntryLimits& limits() const { return limits_; }
  // Of all sessions, those that ended too. Each number is exact once its session is at rest.
  SharedMapCounters counters() const;

 private:
  friend class MapSession;
  MapSession::Tally& TakeTally();
  void ReturnTally(MapSession::Tally& tally);

  const EntryLimits limits_;
  mutable std::mutex mutex_;  // for tallies_, not for what they count
  std::vector<std::unique_ptr<MapSession::Tally>> tallies_;  // never shrinks: the next session goes
                                                             // on counting where one ended
};

}  // namespace portolan::mapcore
