#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/map_version.h"
#include "reconciler/diff.h"
#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler {

// What an evaluation may show of sensitive values, and whether it met one.
struct Disclosure {
  bool mask = false;     // sensitive values read as «sensitive …», secrets as «redacted …»
  bool touched = false;  // a sensitive value or a secret was read
};

// How the values of one map are read. Everything pointed at outlives the views.
struct ValueAccess {
  const std::vector<std::string>* sensitive = nullptr;  // key globs
  Disclosure* disclosure = nullptr;
  const std::vector<std::string>* secrets = nullptr;  // keys in byte order; null: none

  // The value of a key, parsed; masked when it must be.
  cel::Value Read(std::string_view key, std::string_view json, cel::Arena& arena) const;
};

// One key's change as {map, key, op, old, new}. Values are parsed when asked for; those asked for
// with `home`, the arena of the evaluation, at most once until it is reset. Borrows the change.
class ChangeMap final : public cel::Map {
 public:
  ChangeMap(const KeyChange& change, std::string_view map, const ValueAccess& access,
            const cel::Arena& home)
      : change_(&change), map_(map), access_(access), home_(&home) {}

  std::size_t size() const override { return 5; }
  std::optional<cel::Value> Find(const cel::Value& key, cel::Arena& arena) const override;
  void ForEach(bool values, cel::EntryVisitor& visitor, cel::Arena& arena) const override;

 private:
  cel::Value Side(const std::optional<std::string>& json, cel::Value& known,
                  cel::Arena& arena) const;

  const KeyChange* change_;
  std::string_view map_;
  ValueAccess access_;
  const cel::Arena* home_;
  mutable cel::Value old_ = cel::Value::Unset();
  mutable cel::Value new_ = cel::Value::Unset();
};

// All changes of a plan, in byte order of keys, without a copy.
class ChangeList final : public cel::List {
 public:
  ChangeList(const ChangeSet& changes, std::string_view map, const ValueAccess& access)
      : changes_(&changes), map_(map), access_(access) {}

  std::size_t size() const override { return changes_->changes.size(); }
  cel::Value At(std::size_t index, cel::Arena& arena) const override;

 private:
  const ChangeSet* changes_;
  std::string_view map_;
  ValueAccess access_;
};

// The entries of a version, without a copy. A null version has none.
class EntriesMap final : public cel::Map {
 public:
  EntriesMap(const mapcore::MapVersion* version, const ValueAccess& access)
      : version_(version), access_(access) {}

  std::size_t size() const override { return version_ == nullptr ? 0 : version_->size(); }
  std::optional<cel::Value> Find(const cel::Value& key, cel::Arena& arena) const override;
  void ForEach(bool values, cel::EntryVisitor& visitor, cel::Arena& arena) const override;

 private:
  const mapcore::MapVersion* version_;
  ValueAccess access_;
};

// "add", "update", "delete": as policies call an action.
std::string_view OpName(Action action);

}  // namespace portolan::reconciler
