#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "mapcore/shared/admission.h"
#include "mapcore/shared/epoch_map.h"
#include "mapcore/shared/image_map.h"
#include "mapcore/shared/locked_map.h"
#include "mapcore/shared/read_mostly_map.h"
#include "mapcore/shared/sharded_map.h"
#include "mapcore/shared/shared_map.h"
#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {

// How long a test with threads runs: PORTOLAN_STRESS_MS, which ./scripts/stress sets.
inline std::chrono::milliseconds StressTime() {
  const char* text = std::getenv("PORTOLAN_STRESS_MS");
  return std::chrono::milliseconds(text == nullptr ? 200 : std::atoi(text));
}

// A way to share a map, to run a test on.
struct SharedMapKind {
  const char* name;
  std::function<std::unique_ptr<SharedMap>()> make;
};

inline constexpr EntryLimits kLimits = {.key_bytes_max = 64, .value_bytes_max = 4'096};

inline std::unique_ptr<SharedMap> MakeImageMap() {
  const MemoryFile file;
  const std::map<std::string, std::string> below = {{"erased", "below"}};
  EXPECT_TRUE(WriteImage(SnapshotOf(below), file.fd(), {.seed = 1}).ok());
  FastPaths fast_paths;
  auto map =
      ImageMap::Create(MapImage::Open(file.fd(), fast_paths).value(), {.seed = 1}, kLimits).value();
  EXPECT_TRUE(*map->Open()->Erase("erased"));
  return map;
}

inline std::unique_ptr<SharedMap> MakeAdmittedMap() {
  static const FakeMonoClock clock;
  return std::make_unique<AdmittedMap>(ShardedMap::Create(2, {.seed = 1}, kLimits).value(), 1'000,
                                       1'000'000'000, clock);
}

// While it is being filled: the source is asked for every miss.
inline std::unique_ptr<SharedMap> MakeFilledMap() {
  return std::make_unique<FilledMap>(EpochMap::Create({.seed = 1}, kLimits).value(),
                                     std::make_shared<FakeSource>());
}

inline const SharedMapKind kSharedMapKinds[] = {
    {"Locked", [] { return LockedMap::Create({.seed = 1}, kLimits).value(); }},
    {"Sharded", [] { return ShardedMap::Create(8, {.seed = 1}, kLimits).value(); }},
    {"Epoch", [] { return EpochMap::Create({.seed = 1}, kLimits).value(); }},
    {"EpochFenced",
     [] {
       return EpochMap::Create({.seed = 1}, kLimits, hmap::ReaderDomain::Fences::kPortable).value();
     }},
    {"ReadMostly", [] { return ReadMostlyMap::Create({.seed = 1}, kLimits).value(); }},
    {"ReadMostlyFenced",
     [] {
       return ReadMostlyMap::Create({.seed = 1}, kLimits, hmap::ReaderDomain::Fences::kPortable)
           .value();
     }},
    {"Image", MakeImageMap},
    {"Admitted", MakeAdmittedMap},
    {"Filled", MakeFilledMap},
};

}  // namespace portolan::mapcore
