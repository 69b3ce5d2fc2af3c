#pragma once

#include <mutex>

#include "mapcore/hmap.h"
#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// A Hmap that is read with an epoch guard: a lookup stores twice to a cache line of its own thread
// and never waits, whatever a writer does. Writers take turns at one mutex. The first choice where
// one thread writes, or a few write little.
class EpochMap : public SharedMap {
 public:
  // `options.readers` is ignored: the map has readers of its own, fenced as `fences` says. Errors:
  // kExhausted, as Hmap::Create.
  static Result<std::unique_ptr<EpochMap>> Create(
      HmapOptions options = {}, const EntryLimits& limits = {},
      hmap::ReaderDomain::Fences fences = hmap::ReaderDomain::Fences::kProbe);

  std::unique_ptr<MapSession> Open() override;
  std::uint64_t size() const override;
  std::string_view name() const override { return "epoch"; }

  // A snapshot of this moment; see Hmap::TakeSnapshot.
  Result<Snapshot> TakeSnapshot(std::uint64_t version, std::int64_t timestamp_ms);
  // What a session that stands still in a lookup holds up; see Hmap::waiting.
  hmap::Lineage::Waiting waiting() const override;
  bool barrier_lost() const override { return readers_.barrier_lost(); }

 private:
  class Session;
  EpochMap(const EntryLimits& limits, hmap::ReaderDomain::Fences fences)
      : SharedMap(limits), readers_(fences) {}

  hmap::ReaderDomain readers_;
  mutable std::mutex writers_;
  std::optional<Hmap> map_;  // written under writers_; always there once created
};

}  // namespace portolan::mapcore
