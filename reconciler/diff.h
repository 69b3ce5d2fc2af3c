#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/map_version.h"

namespace portolan::reconciler {

enum class Action { kCreated, kUpdated, kDeleted };
std::string_view ActionName(Action action);  // "created", "updated", "deleted"

// What happens to one key. Values are canonical JSON. `before` is absent exactly for kCreated,
// `after` for kDeleted.
struct KeyChange {
  std::string key;
  Action action;
  std::optional<std::string> before;
  std::optional<std::string> after;

  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

// How one version becomes another, in byte order of keys. Owns its bytes: it outlives both
// versions.
struct ChangeSet {
  std::vector<KeyChange> changes;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t deleted = 0;
  std::int64_t unchanged = 0;

  friend bool operator==(const ChangeSet&, const ChangeSet&) = default;
};

// `before` null: the map's first version, every key is created. Costs what mapcore::Diff costs, and
// a copy of what changed.
ChangeSet MakeChangeSet(const mapcore::MapVersion* before, const mapcore::MapVersion& after);

}  // namespace portolan::reconciler
