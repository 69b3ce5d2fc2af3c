#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "mapcore/hmap.h"

namespace portolan::mapcore {

// How a type is laid down in a Hmap: as its own bytes. A view of bytes is itself.
//
// Floating-point keys are refused: NaN is unequal to itself and -0.0 equal to 0.0, but their bytes
// say the opposite. So are types with padding: two equal values would differ in bytes that nobody
// wrote, and so in digests and comparisons of versions.
template <typename T>
struct TypedBytes {
  static_assert(std::is_trivially_copyable_v<T>,
                "a map holds bytes: the type must be one of bytes");
  static_assert(std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>,
                "a value with padding has no bytes of its own: fill the gaps with members");
  static_assert(!std::is_pointer_v<T>, "a pointer means nothing in a version that outlives it");

  static std::string_view Of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static T From(std::string_view bytes) {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};
template <>
struct TypedBytes<std::string_view> {
  static std::string_view Of(std::string_view value) { return value; }
  static std::string_view From(std::string_view bytes) { return bytes; }
};

// What can be a key: an integer, an enumeration, or bytes.
template <typename K>
inline constexpr bool kIsMapKey =
    std::is_integral_v<K> || std::is_enum_v<K> || std::is_same_v<K, std::string_view>;

// A Hmap whose keys are integers, enumerations or bytes, and whose values are of one type that is
// its own bytes (an integer, a plain struct) or bytes. Adds no cost but the copy of a value, and to
// Upsert a block of the heap for one of more than 15 bytes.
//
// Everything else is the Hmap's: snapshots, forks, comparison, threads, errors; take it with map().
// The bytes of an integer are those of this machine, so an image or a copy of such a map is for
// machines of the same byte order.
//
//   TypedMap<std::uint64_t, std::int64_t> hits = …;
//   PORTOLAN_TRY(const std::int64_t now, hits.Add(customer, 1));
template <typename K, typename V>
class TypedMap {
  static_assert(
      !std::is_floating_point_v<K>,
      "a floating-point number is no key: NaN is not equal to itself, and 0.0 equals -0.0");
  static_assert(kIsMapKey<K>, "a key is an integer, an enumeration, or bytes as std::string_view");
  using KeyBytes = TypedBytes<K>;
  using ValueBytes = TypedBytes<V>;

 public:
  // Errors: kExhausted, as Hmap::Create.
  static Result<TypedMap> Create(HmapOptions options = {}) {
    PORTOLAN_TRY(Hmap map, Hmap::Create(std::move(options)));
    return TypedMap(std::move(map));
  }
  explicit TypedMap(Hmap map) : map_(std::move(map)) {}

  std::uint64_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }

  // O(1), allocates nothing. Bytes are valid as Hmap::Find says.
  std::optional<V> Find(const K& key) const { return Read(map_.Find(KeyBytes::Of(key))); }
  // The same in a snapshot of such a map.
  static std::optional<V> Find(const Snapshot& snapshot, const K& key) {
    return Read(snapshot.Find(KeyBytes::Of(key)));
  }
  bool Contains(const K& key) const { return map_.Contains(KeyBytes::Of(key)); }

  // As those of Hmap, with its errors.
  Result<bool> Put(const K& key, const V& value) {
    return map_.Put(KeyBytes::Of(key), ValueBytes::Of(value));
  }
  Result<bool> Insert(const K& key, const V& value) {
    return map_.Insert(KeyBytes::Of(key), ValueBytes::Of(value));
  }
  // Sets the key to update(std::optional<V> now), called exactly once.
  template <typename Update>
  Result<bool> Upsert(const K& key, Update&& update) {
    return map_.Upsert(KeyBytes::Of(key), [&](std::optional<std::string_view> now) {
      const V value = update(Read(now));
      return std::string(ValueBytes::Of(value));
    });
  }
  // Adds to the key's value, which is 0 where there is none, and returns the sum. Wraps around as
  // unsigned integers do.
  Result<V> Add(const K& key, V delta) requires std::integral<V> {
    V sum = 0;
    PORTOLAN_CHECK(Upsert(key, [&](std::optional<V> now) {
      using Unsigned = std::make_unsigned_t<V>;
      return sum = static_cast<V>(static_cast<Unsigned>(now.value_or(0)) +
                                  static_cast<Unsigned>(delta));
    }));
    return sum;
  }
  Result<bool> Erase(const K& key) { return map_.Erase(KeyBytes::Of(key)); }
  Status Clear() { return map_.Clear(); }
  Status Reserve(std::int64_t entries) { return map_.Reserve(entries); }

  // Calls visit(K, V) for every entry of a snapshot of such a map, in no order that means anything.
  template <typename Visit>
  static void ForEach(const Snapshot& snapshot, const Visit& visit) {
    snapshot.ForEach([&](const hmap::Record& record) {
      visit(KeyBytes::From(record.key()), ValueBytes::From(record.value()));
    });
  }

  // The same of the map as it is, by the thread that may write it.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    hmap::ForEachRecord(map_.lineage(), map_.branch().head, [&](const hmap::Record& record) {
      visit(KeyBytes::From(record.key()), ValueBytes::From(record.value()));
    });
  }

  Hmap& map() { return map_; }
  const Hmap& map() const { return map_; }

 private:
  static std::optional<V> Read(std::optional<std::string_view> bytes) {
    if (!bytes) return std::nullopt;
    return ValueBytes::From(*bytes);
  }

  Hmap map_;
};

}  // namespace portolan::mapcore
