#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"
#include "mapcore/hmap_debug.h"

namespace portolan::mapcore {

class MapVersion;
using VersionPtr = std::shared_ptr<const MapVersion>;

constexpr std::size_t kKeyBytesMax = 512;
constexpr std::size_t kValueBytesMax = 65'535;

struct Entry {
  std::string key;
  std::string value;  // opaque bytes; canonical JSON everywhere in Portolan
};

// One key's change; no value erases the key.
struct Change {
  std::string key;
  std::optional<std::string> value;
};

// One key on which two versions differ; an absent side does not hold the key. Views into the
// versions compared.
struct Difference {
  std::string_view key;
  std::optional<std::string_view> before;
  std::optional<std::string_view> after;
};

// The immutable entries of one map. Versions made by Apply share what did not change. Thread-safe:
// all members are const. Views returned live as long as the version does.
class MapVersion {
 public:
  ~MapVersion();
  MapVersion(const MapVersion&) = delete;
  MapVersion& operator=(const MapVersion&) = delete;

  static VersionPtr Empty();
  // Errors: kInvalid for an empty key, a duplicate key, or a key or value over its limit. O(n log
  // n).
  static Result<VersionPtr> FromEntries(std::vector<Entry> entries);
  // Reads what Serialize() wrote. Errors: kCorrupt for anything else (wrong magic, order,
  // truncation, trailing bytes).
  static Result<VersionPtr> Deserialize(std::string_view bytes);

  // The version after all changes, or an error and nothing. A key named twice is kInvalid; erasing
  // an absent key does nothing. Time and memory follow the changes, not the map, but for the
  // digest.
  Result<VersionPtr> Apply(std::span<const Change> changes) const;

  std::optional<std::string_view> Find(std::string_view key) const;  // O(1), no allocation
  std::size_t size() const;
  // Of the hash map that holds it, in the Go runtime's words; nothing where the version is so small
  // that none does. O(1).
  std::optional<HmapDebug> debug() const;
  // SHA-256 over Serialize()'s bytes: the version's identity. Computed once, when the version is
  // made.
  const Digest& digest() const;
  // Hashes all entries again. kCorrupt when they are not those that digest() was computed of: their
  // memory changed. O(n).
  Status Verify() const;
  // In byte order of keys.
  void ForEach(
      const std::function<void(std::string_view key, std::string_view value)>& visit) const;
  // The digest's preimage, which is also what is stored and what travels: "portolan.map.v1\0", then
  // for each entry in byte order of keys: u32 key length, key, u32 value length, value (big
  // endian).
  std::string Serialize() const;

 private:
  friend std::vector<Difference> Diff(const MapVersion&, const MapVersion&);
  friend std::size_t CountDifferences(const MapVersion&, const MapVersion&, std::size_t);
  struct Rep;
  explicit MapVersion(std::unique_ptr<const Rep> rep);
  std::unique_ptr<const Rep> rep_;
};

// The keys on which the versions differ, in byte order. Shared structure is skipped without being
// read.
std::vector<Difference> Diff(const MapVersion& before, const MapVersion& after);

// On how many keys the versions differ, counted up to `at_most` and no further: an answer of
// `at_most` may stand for more. Reads the differences and no other entry. O(keys / 500 + keys in
// runs of some hundreds that hold a difference); measured at a million keys with 10, 1,000, 10,000
// and 500,000 differences: 0.04, 0.8, 5 and 35 ms.
std::size_t CountDifferences(const MapVersion& before, const MapVersion& after,
                             std::size_t at_most);

}  // namespace portolan::mapcore
