#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/text_rule.h"
#include "manifests/value.h"

namespace portolan::manifests {

// What values must look like: the subset of JSON Schema 2020-12 that docs/manifest-spec.md lists.
// Unlike the standard, an unknown keyword, a keyword that does not fit the type, and an unknown
// format are errors of the schema, and formats are checked. Immutable, hence thread-safe.
class Schema {
 public:
  struct Options {
    bool mask = false;  // sensitive content: messages do not repeat what was found
  };

  // Null, with the reasons in the report, when the schema is wrong.
  static std::shared_ptr<const Schema> Compile(const Field& field, Report& report);

  // Reports everything that breaks the schema, each with its place. `value` is the typed form of
  // `field` (ReadValue); both have the same shape. Linear in the value's size times the schema's
  // properties.
  void Check(const Field& field, const Value& value, const Options& options, Report& report) const;

  // What the schema accepts, as an error says it: "an integer from 1 to 100000".
  std::string Describe() const;

 private:
  friend class SchemaCompiler;
  struct Place;  // of a check: field, value, options, report

  bool AcceptsKind(const Value& value) const;
  bool InRange(const Value& value) const;
  void CheckString(const Place& place) const;
  void CheckObject(const Place& place) const;
  void CheckMembers(const Place& place) const;
  void CheckArray(const Place& place) const;
  const Schema* PropertyOf(std::string_view name) const;

  unsigned kinds_ = 0;             // bits by Value::Kind; 0 accepts every kind
  bool integer_only_ = false;      // of numbers, only integers
  std::vector<std::string> enum_;  // canonical JSON; `const` is an enum of one
  std::optional<Value> minimum_, maximum_, exclusive_minimum_, exclusive_maximum_;
  std::optional<std::int64_t> multiple_of_;
  TextRule text_;
  std::vector<std::string> required_;
  std::vector<std::pair<std::string, std::shared_ptr<const Schema>>> properties_;  // sorted by name
  bool additional_allowed_ = true;
  std::shared_ptr<const Schema> additional_;
  std::optional<std::uint64_t> min_properties_, max_properties_, min_items_, max_items_;
  std::shared_ptr<const Schema> items_;
};

}  // namespace portolan::manifests
