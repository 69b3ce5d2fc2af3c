#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::mapcore {

// Counts on how many lookups two versions of a map would give different answers, while only one of
// them is served. Lookups take no lock and allocate only when a key differs for the first time;
// memory is bounded. Thread-safe.
class DualRun {
 public:
  // Keys on which answers differ and that are counted apart.
  static constexpr std::size_t kKeys = 128;

  struct KeyCounts {
    std::string key;
    std::int64_t differing = 0;
    std::int64_t lost = 0;

    friend bool operator==(const KeyCounts&, const KeyCounts&) = default;
  };
  struct Counts {
    std::int64_t compared = 0;
    std::int64_t differing = 0;   // of them: another value, a new one, or none any more
    std::int64_t lost = 0;        // of differing: stable has a value and the canary none
    std::vector<KeyCounts> keys;  // that differed
    std::int64_t elsewhere = 0;   // of differing: on keys that found no place among kKeys

    friend bool operator==(const Counts&, const Counts&) = default;
  };

  // `share` of 100,000 of all lookups are sampled.
  explicit DualRun(std::uint32_t share) : share_(share) {}
  ~DualRun();
  DualRun(const DualRun&) = delete;
  DualRun& operator=(const DualRun&) = delete;

  std::uint32_t share() const { return share_; }

  // Whether this lookup is in the sample: by a hash of its number, so that each lookup has the same
  // chance and a key or subject that is looked up often counts as often as it is looked up.
  bool Samples();
  // Counts one sampled lookup: what each version holds under the key.
  void Count(std::string_view key, std::optional<std::string_view> stable,
             std::optional<std::string_view> canary);

  // What was counted since the last Take. A lookup that is being counted meanwhile may come in two
  // parts: a part of it now and its whole with the next. For one thread at a time.
  Counts Take();

 private:
  // A key keeps its place as long as this lives.
  struct Place {
    std::atomic<const std::string*> key{nullptr};
    std::atomic<std::int64_t> differing{0};
    std::atomic<std::int64_t> lost{0};
  };
  Place* PlaceOf(std::string_view key);

  const std::uint32_t share_;
  std::atomic<std::uint64_t> lookups_{0};
  std::atomic<std::int64_t> compared_{0};
  std::atomic<std::int64_t> differing_{0};
  std::atomic<std::int64_t> lost_{0};
  std::atomic<std::int64_t> elsewhere_{0};
  std::array<Place, kKeys> places_;
};

}  // namespace portolan::mapcore
