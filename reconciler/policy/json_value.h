#pragma once

#include <string_view>

#include "manifests/value.h"
#include "reconciler/policy/cel/arena.h"
#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler {

// Values of the expression language made from JSON. Integers become int, other numbers double;
// objects become maps in the order of their keys.

// Reads the canonical JSON of a map's value. Texts without escapes are borrowed from `json`, what
// must be built goes to the arena; a scalar needs no memory at all. An error value for bytes that
// are no JSON.
cel::Value ValueFromJson(std::string_view json, cel::Arena& arena);

// Copies everything to the arena. Members named `time_key`, at any depth, are RFC 3339 texts that
// become timestamps; those that are not stay strings.
cel::Value ValueFromTree(const manifests::Value& tree, cel::Arena& arena,
                         std::string_view time_key = "");

// An object under construction: names must be new.
class ObjectBuilder {
 public:
  static constexpr std::size_t kMembersMax = 16;

  explicit ObjectBuilder(cel::Arena& arena)
      : arena_(arena), entries_(arena.NewArray<cel::MapEntry>(kMembersMax)) {}
  // `name` must outlive the arena's content.
  ObjectBuilder& Add(std::string_view name, const cel::Value& value);
  // Copies the text.
  ObjectBuilder& Add(std::string_view name, std::string_view text);
  cel::Value Finish();

 private:
  cel::Arena& arena_;
  cel::MapEntry* entries_;
  std::size_t size_ = 0;
};

}  // namespace portolan::reconciler
