#pragma once

#include <cstdint>
#include <string_view>

namespace portolan::mapcore {

// How far the relocation of a map under another seed has come (hmap/relocation.h says what each
// does). Every one can be left: by going on, or by Hmap::AbandonReseed().
enum class RelocationPhase { kInit, kPrepare, kRelocating, kCommit };

constexpr std::string_view RelocationPhaseName(RelocationPhase phase) {
  switch (phase) {
    case RelocationPhase::kInit:
      return "INIT";
    case RelocationPhase::kPrepare:
      return "PREPARE";
    case RelocationPhase::kRelocating:
      return "RELOCATING";
    case RelocationPhase::kCommit:
      return "COMMIT";
  }
  return "";
}

// The state of a map in the Go runtime's words (src/runtime/map.go, type hmap).
struct HmapDebug {
  static constexpr std::uint32_t kWriting = 4;       // hashWriting
  static constexpr std::uint32_t kSameSizeGrow = 8;  // a relocation is under way
  static constexpr std::uint32_t kCompacting = 16;   // not of the Go runtime: records are moved
  std::uint64_t count = 0;
  std::uint32_t flags = 0;
  std::uint32_t B = 0;          // log2 of buckets, rounded up
  std::uint64_t noverflow = 0;  // overflow buckets: 16 for each overflow page
  std::uint64_t hash0 = 0;      // a fingerprint of the seed; the seed itself where one was set, until a reseed
  std::uint64_t buckets = 0;
  std::uint64_t oldbuckets = 0;                    // of the table that is being relocated, or 0
  std::uint64_t nevacuate = 0;                     // how many of those are evacuated
  RelocationPhase phase = RelocationPhase::kInit;  // what oldbuckets and nevacuate are of
};

}  // namespace portolan::mapcore
