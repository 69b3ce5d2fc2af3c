#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bench/map_measurement.h"
#include "mapcore/hmap.h"
#include "mapcore/map_clone.h"

namespace portolan::bench {

// Our map behind the interface of the comparison.
struct Ours {
  static constexpr const char* kName = "Hmap";
  mapcore::Hmap map =
      mapcore::Hmap::Create({.seed = 1, .memory = {.reserve_bytes = std::uint64_t{4} << 30}})
          .value();
  void Reserve(std::size_t entries) { map.lineage().arena().Populate(160 * entries); }
  void Put(const std::string& key, const std::string& value) { (void)map.Put(key, value); }
  std::uint64_t Find(std::string_view key) const { return map.Find(key)->size(); }
  std::uint64_t Read(std::string_view key) const { return FirstByte(*map.Find(key)); }
  bool Has(std::string_view key) const { return map.Contains(key); }
  void Erase(std::string_view key) { (void)map.Erase(key); }
  std::uint64_t Sum() {
    std::uint64_t sum = 0;
    const mapcore::Snapshot snapshot = map.TakeSnapshot(0, 0).value();
    snapshot.ForEach(
        [&](const mapcore::hmap::Record& record) { sum += FirstByte(record.value()); });
    return sum;
  }
  std::unique_ptr<mapcore::Hmap> Clone() {
    return std::make_unique<mapcore::Hmap>(mapcore::CloneMap(map, {.seed = 1}).value());
  }
  std::uint64_t bytes() const { return map.memory().live_bytes(); }
};

// The peer that the bars are ratios to.
struct Absl : StdLike<absl::flat_hash_map<std::string, std::string, MapHash, std::equal_to<>>> {
  static constexpr const char* kName = "absl::flat_hash_map";
};

}  // namespace portolan::bench
