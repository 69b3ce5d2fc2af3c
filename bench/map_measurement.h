#pragma once

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/random.h"
#include "mapcore/hmap/hash.h"

namespace portolan::bench {

// What every map of the comparison is given, and how it is measured. bench/go/main.go does the same
// in Go: change both.
struct MapData {
  std::vector<std::string> keys;      // 19 to 40 bytes
  std::vector<std::string> values;    // 24 to 96 bytes
  std::vector<std::string> shuffled;  // the keys again, as lookups come: their own bytes are near
};

inline std::string KeyOf(std::size_t i, const char* place) {
  char key[64];
  std::snprintf(key, sizeof key, "ns/%05u/svc-%06zu/%s", static_cast<unsigned>(i % 9973), i, place);
  return key;
}

inline MapData MakeMapData(std::size_t entries) {
  MapData data;
  Random random(7);
  for (std::size_t i = 0; i < entries; ++i) {
    data.keys.push_back(KeyOf(i, random.Below(2) == 0 ? "canary/eu" : "us"));
    data.values.emplace_back(24 + random.Below(73), static_cast<char>('a' + i % 26));
  }
  std::vector<std::size_t> order(entries);
  for (std::size_t i = 0; i < entries; ++i) order[i] = i;
  for (std::size_t i = entries; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  data.shuffled.reserve(entries);
  for (const std::size_t i : order) data.shuffled.emplace_back(data.keys[i]);
  return data;
}

inline double NsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

// All peers hash alike, so that the containers are compared and not their hashes.
struct MapHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const {
    return mapcore::hmap::HashBytes(key, mapcore::hmap::PrepareSeed(1));
  }
};
// What one who looks a value up, or iterates, reads of it: its bytes, which a std::string of this
// size has elsewhere than its length.
inline std::uint64_t FirstByte(std::string_view value) {
  return static_cast<unsigned char>(value.front());
}

// A map that is used as std::unordered_map is.
template <typename Map, typename Key = std::string_view>
struct StdLike {
  Map map;
  void Reserve(std::size_t) {}
  void Put(const std::string& key, const std::string& value) { map[key] = value; }
  std::uint64_t Find(std::string_view key) const { return map.find(Key(key))->second.size(); }
  std::uint64_t Read(std::string_view key) const { return FirstByte(map.find(Key(key))->second); }
  bool Has(std::string_view key) const { return map.find(Key(key)) != map.end(); }
  void Erase(std::string_view key) { map.erase(map.find(Key(key))); }
  std::uint64_t Sum() {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : map) sum += FirstByte(value);
    return sum;
  }
  std::unique_ptr<Map> Clone() { return std::make_unique<Map>(map); }
};

// Nanoseconds an operation, and bytes an entry.
struct MapTimes {
  double fill, hit, dependent, miss, iterate, clone, overwrite, erase, bytes;
};

inline void KeepResult(std::uint64_t result) {
  static volatile std::uint64_t sink = 0;
  sink = sink + result;
}

inline std::uint64_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Calls step(i) `count` times and returns nanoseconds a call.
template <typename Step>
double TimeEach(std::size_t count, const Step& step) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) step(i);
  return NsSince(start) / static_cast<double>(count);
}

template <typename Map>
MapTimes MeasureMap(const MapData& data) {
  const std::size_t n = data.keys.size();
  const std::size_t probes = std::max<std::size_t>(n, 200'000);
  const std::uint64_t heap = HeapBytes();
  auto map = std::make_unique<Map>();
  map->Reserve(n);
  MapTimes times{};
  times.fill = TimeEach(n, [&](std::size_t i) { map->Put(data.keys[i], data.values[i]); });
  if constexpr (requires { map->bytes(); })
    times.bytes = static_cast<double>(map->bytes()) / static_cast<double>(n);
  else
    times.bytes = static_cast<double>(HeapBytes() - heap) / static_cast<double>(n);

  std::uint64_t sum = 0;
  times.hit = TimeEach(probes, [&](std::size_t i) { sum += map->Find(data.shuffled[i % n]); });
  // The next key depends on the value of this one; on `i` too, or the keys would soon come round
  // again, a few hundred of them, which every map has in the cache.
  std::size_t at = 0;
  times.dependent = TimeEach(probes / 2, [&](std::size_t i) {
    at = (at * 31 + map->Read(data.shuffled[at]) * 7'919 + i) % n;
  });
  std::string absent = "no/00000/svc-000000/us";
  times.miss = TimeEach(probes, [&](std::size_t i) {
    for (std::size_t d = 0, v = i; d < 6; ++d, v /= 10)
      absent[18 - d] = static_cast<char>('0' + v % 10);
    sum += map->Has(absent);
  });
  // As often as there are lookups, so that a small map is not measured by its first pass.
  times.iterate =
      TimeEach(probes / n, [&](std::size_t) { sum += map->Sum(); }) / static_cast<double>(n);
  {
    auto start = std::chrono::steady_clock::now();
    const auto clone = map->Clone();
    times.clone = NsSince(start) / static_cast<double>(n);
    sum += clone->size();
  }
  // As often as there are lookups too, with another value in each pass.
  times.overwrite = TimeEach(probes, [&](std::size_t i) {
    map->Put(data.shuffled[i % n], data.values[(i + i / n) % n]);
  });
  times.erase = TimeEach(n, [&](std::size_t i) { map->Erase(data.shuffled[i]); });
  KeepResult(sum + at);
  return times;
}

}  // namespace portolan::bench
