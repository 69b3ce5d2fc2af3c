#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "mapcore/hmap/bytes.h"

namespace portolan::mapcore::hmap {

// One entry as it lies in the arena: immutable from the moment a slot refers to it, and shared by
// every version that holds this key with this value. An overwrite makes a new record, so two equal
// references mean an equal entry.
//
//   short form   u32 birth | u16 key length | u16 value length | key | value
//   long form    u32 birth | 0xffff | 0xffff | u32 key length | u32 value length | key | value
//
// Padded to eight bytes. The long form is for keys and values of 65,535 bytes and more.
class Record {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // of key and value together
  static constexpr std::size_t kShortMax = 0xfffe;

  // The bytes of a record of this key and value, before the arena rounds them up.
  static std::size_t BytesFor(std::size_t key_bytes, std::size_t value_bytes) {
    const std::size_t header = IsLong(key_bytes, value_bytes) ? 16 : 8;
    return (header + key_bytes + value_bytes + 7) & ~std::size_t{7};
  }

  // Builds a record in `memory`, which holds BytesFor() bytes.
  static Record* Make(void* memory, std::uint32_t birth, std::string_view key,
                      std::string_view value) {
    auto* record = static_cast<Record*>(memory);
    record->birth_ = birth;
    char* at = record->data();
    if (IsLong(key.size(), value.size())) {
      record->key_length_ = record->value_length_ = kLong;
      const std::uint32_t lengths[2] = {static_cast<std::uint32_t>(key.size()),
                                        static_cast<std::uint32_t>(value.size())};
      std::memcpy(at, lengths, sizeof lengths);
      at += sizeof lengths;
    } else {
      record->key_length_ = static_cast<std::uint16_t>(key.size());
      record->value_length_ = static_cast<std::uint16_t>(value.size());
    }
    CopyBytes(at, key.data(), key.size());
    if (!value.empty()) std::memcpy(at + key.size(), value.data(), value.size());
    return record;
  }

  // The store's version in which the record was made.
  std::uint32_t birth() const { return birth_; }
  std::string_view key() const {
    if (key_length_ == kLong) [[unlikely]]
      return {data() + 8, LongLength(0)};
    return {data(), key_length_};
  }
  std::string_view value() const {
    if (key_length_ == kLong) [[unlikely]]
      return {data() + 8 + LongLength(0), LongLength(1)};
    return {data() + key_length_, value_length_};
  }
  // HasKey() for keys of 1 to kShortBytes, and false for others.
  [[gnu::always_inline]] bool HasShortKey(std::string_view key) const {
    return key_length_ == key.size() && key.size() - 1 < kShortBytes &&
           SameShortBytes(data(), key.data(), key.size());
  }
  bool HasKey(std::string_view key) const {
    if (key_length_ == key.size() && key_length_ != kLong) [[likely]]
      return SameBytes(data(), key.data(), key.size());
    return key_length_ == kLong && this->key() == key;
  }
  std::size_t bytes() const { return BytesFor(key().size(), value().size()); }

 private:
  static constexpr std::uint16_t kLong = 0xffff;

  static bool IsLong(std::size_t key_bytes, std::size_t value_bytes) {
    return key_bytes > kShortMax || value_bytes > kShortMax;
  }
  char* data() { return reinterpret_cast<char*>(this) + 8; }
  const char* data() const { return reinterpret_cast<const char*>(this) + 8; }
  std::uint32_t LongLength(int which) const {
    std::uint32_t length;
    std::memcpy(&length, data() + 4 * which, sizeof length);
    return length;
  }

  std::uint32_t birth_;
  std::uint16_t key_length_;
  std::uint16_t value_length_;
};
static_assert(sizeof(Record) == 8, "the layout is pinned: lookups count on it");

}  // namespace portolan::mapcore::hmap
