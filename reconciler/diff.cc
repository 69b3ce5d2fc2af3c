#include "reconciler/diff.h"

#include <utility>

// A change set owns its bytes: plans outlive the versions that they were made from, in records and
// in the answers of the API.

namespace portolan::reconciler {
namespace {

std::optional<std::string> Copy(const std::optional<std::string_view>& value) {
  if (!value) return std::nullopt;
  return std::string(*value);
}

void Add(const mapcore::Difference& difference, ChangeSet& set) {
  Action action = Action::kUpdated;
  if (!difference.before) action = Action::kCreated;
  if (!difference.after) action = Action::kDeleted;
  set.created += action == Action::kCreated;
  set.updated += action == Action::kUpdated;
  set.deleted += action == Action::kDeleted;
  set.changes.push_back(
      {std::string(difference.key), action, Copy(difference.before), Copy(difference.after)});
}

}  // namespace

std::string_view ActionName(Action action) {
  switch (action) {
    case Action::kCreated:
      return "created";
    case Action::kUpdated:
      return "updated";
    case Action::kDeleted:
      return "deleted";
  }
  return "";
}

ChangeSet MakeChangeSet(const mapcore::MapVersion* before, const mapcore::MapVersion& after) {
  ChangeSet set;
  if (before == nullptr) {
    set.changes.reserve(after.size());
    after.ForEach([&set](std::string_view key, std::string_view value) {
      Add({key, std::nullopt, value}, set);
    });
    return set;
  }
  for (const mapcore::Difference& difference : mapcore::Diff(*before, after)) Add(difference, set);
  // By counting: unchanged entries are never looked at.
  set.unchanged = static_cast<std::int64_t>(after.size()) - set.created - set.updated;
  return set;
}

}  // namespace portolan::reconciler
