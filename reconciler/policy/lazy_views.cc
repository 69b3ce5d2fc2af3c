#include "reconciler/policy/lazy_views.h"

#include <algorithm>

#include "manifests/entries.h"
#include "reconciler/change_view.h"
#include "reconciler/policy/json_value.h"

namespace portolan::reconciler {

cel::Value ValueAccess::Read(std::string_view key, std::string_view json, cel::Arena& arena) const {
  if (!sensitive->empty() && manifests::IsSensitiveKey(*sensitive, key)) {
    disclosure->touched = true;
    if (disclosure->mask) return cel::Value::String(arena.Copy(MaskedValue(json)));
  } else if (secrets != nullptr && std::ranges::binary_search(*secrets, key)) {
    disclosure->touched = true;
    if (disclosure->mask) return cel::Value::String(arena.Copy(RedactedValue(json)));
  }
  return ValueFromJson(json, arena);
}

std::string_view OpName(Action action) {
  switch (action) {
    case Action::kCreated:
      return "add";
    case Action::kUpdated:
      return "update";
    case Action::kDeleted:
      return "delete";
  }
  return "";
}

cel::Value ChangeMap::Side(const std::optional<std::string>& json, cel::Value& known,
                           cel::Arena& arena) const {
  if (!json) return cel::Value::Null();
  if (&arena != home_) return access_.Read(change_->key, *json, arena);
  if (known.unset()) known = access_.Read(change_->key, *json, arena);
  return known;
}

std::optional<cel::Value> ChangeMap::Find(const cel::Value& key, cel::Arena& arena) const {
  if (!key.is(cel::Kind::kString)) return std::nullopt;
  const std::string_view name = key.AsText();
  if (name == "new") return Side(change_->after, new_, arena);
  if (name == "old") return Side(change_->before, old_, arena);
  if (name == "key") return cel::Value::String(change_->key);
  if (name == "op") return cel::Value::String(OpName(change_->action));
  if (name == "map") return cel::Value::String(map_);
  return std::nullopt;
}

void ChangeMap::ForEach(bool values, cel::EntryVisitor& visitor, cel::Arena& arena) const {
  for (const std::string_view name : {"key", "map", "new", "old", "op"}) {
    const cel::Value key = cel::Value::String(name);
    if (!visitor.Visit(key, values ? *Find(key, arena) : cel::Value::Null())) return;
  }
}

cel::Value ChangeList::At(std::size_t index, cel::Arena& arena) const {
  return cel::Value::OfMap(arena.New<ChangeMap>(changes_->changes[index], map_, access_, arena));
}

std::optional<cel::Value> EntriesMap::Find(const cel::Value& key, cel::Arena& arena) const {
  if (version_ == nullptr || !key.is(cel::Kind::kString)) return std::nullopt;
  const auto json = version_->Find(key.AsText());
  if (!json) return std::nullopt;
  return access_.Read(key.AsText(), *json, arena);
}

void EntriesMap::ForEach(bool values, cel::EntryVisitor& visitor, cel::Arena& arena) const {
  if (version_ == nullptr) return;
  bool enough = false;
  version_->ForEach([&](std::string_view key, std::string_view json) {
    if (enough) return;
    const cel::Value value = values ? access_.Read(key, json, arena) : cel::Value::Null();
    enough = !visitor.Visit(cel::Value::String(key), value);
  });
}

}  // namespace portolan::reconciler
