#include "manifests/map_builder.h"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <unordered_set>

// Two ways to a version: all entries joined, or the previous version with the changes of the files
// that differ, which shares everything else with it (mapcore/map_version.h). The entries in the
// manifest itself count as one more file. The second is only taken while it cannot hide a
// duplicate: where a key that is new to a file exists in the map already and no other file gave it
// up, the entries are joined anew and duplicates are looked for.

namespace portolan::manifests {
namespace {

struct KeyPlace {
  const std::string* file;
  Position position;
};

// Names both places of each key that is declared twice.
std::vector<Diagnostic> FindDuplicates(const MapInputs& inputs) {
  std::vector<Diagnostic> diagnostics;
  std::unordered_map<std::string_view, KeyPlace> places;
  const auto add = [&](const std::string& file, const std::vector<CheckedEntry>& entries) {
    for (const CheckedEntry& entry : entries) {
      const auto [first, is_new] = places.try_emplace(entry.key, KeyPlace{&file, entry.position});
      if (is_new) continue;
      const KeyPlace& place = first->second;
      diagnostics.push_back(ErrorAt(file, entry.position,
                                    "duplicate key " + QuoteForMessage(entry.key) + " of map " +
                                        QuoteForMessage(inputs.declaration->name) + ", first at " +
                                        *place.file + ":" + std::to_string(place.position.line) +
                                        ":" + std::to_string(place.position.column)));
    }
  };
  const MapSpec& spec = *inputs.declaration->map;
  add(spec.map.file, spec.entries);
  for (const EntryPartPtr& part : inputs.parts) add(part->path, part->entries);
  return diagnostics;
}

std::vector<mapcore::Entry> JoinEntries(const MapInputs& inputs) {
  std::size_t count = inputs.declaration->map->entries.size();
  for (const EntryPartPtr& part : inputs.parts) count += part->entries.size();
  std::vector<mapcore::Entry> entries;
  entries.reserve(count);
  const auto add = [&](const std::vector<CheckedEntry>& more) {
    for (const CheckedEntry& entry : more) entries.push_back({entry.key, entry.value});
  };
  add(inputs.declaration->map->entries);
  for (const EntryPartPtr& part : inputs.parts) add(part->entries);
  return entries;
}

using Entries = std::span<const CheckedEntry>;

// Takes off the front of both what has the same keys in the same order, which in most commits is
// all, and adds what of it has another value to the changes.
void CollectInOrder(Entries& before, Entries& after, std::vector<mapcore::Change>& changes) {
  std::size_t same = 0;
  for (; same < std::min(before.size(), after.size()); ++same) {
    if (before[same].key != after[same].key) break;
    if (before[same].value != after[same].value)
      changes.push_back({after[same].key, after[same].value});
  }
  before = before.subspan(same);
  after = after.subspan(same);
}

// What the parts that differ change together. A key may move: one part loses it, another one gains
// it.
struct PartChanges {
  std::vector<mapcore::Change> values;  // of keys that stay in their part
  std::vector<const CheckedEntry*> gained;
  std::unordered_set<std::string_view> lost;
};

// Adds the changes that one part makes.
// Keys of one part are unique: CheckEntries and the reader saw to that.
void CollectChanges(Entries before, Entries after, PartChanges& changes) {
  CollectInOrder(before, after, changes.values);
  std::unordered_map<std::string_view, const std::string*> old;
  for (const CheckedEntry& entry : before) old.emplace(entry.key, &entry.value);
  for (const CheckedEntry& entry : after) {
    const auto found = old.find(entry.key);
    if (found == old.end()) {
      changes.gained.push_back(&entry);
      continue;
    }
    if (*found->second != entry.value) changes.values.push_back({entry.key, entry.value});
    old.erase(found);
  }
  for (const auto& [key, value] : old) changes.lost.insert(key);
}

// The version with all changes; null when a key may be declared twice.
mapcore::VersionPtr ApplyChanges(const mapcore::MapVersion& version, PartChanges changes) {
  std::vector<mapcore::Change> all = std::move(changes.values);
  for (const CheckedEntry* entry : changes.gained) {
    const auto known = version.Find(entry->key);
    if (known && changes.lost.erase(entry->key) == 0) return nullptr;
    if (known != entry->value) all.push_back({entry->key, entry->value});
  }
  for (const std::string_view key : changes.lost) all.push_back({std::string(key), std::nullopt});
  // Fails on a key that is new to the map and to two parts.
  auto changed = version.Apply(all);
  return changed.ok() ? *std::move(changed) : nullptr;
}

Entries EntriesOf(const EntryPart* part) {
  return part == nullptr ? Entries() : Entries(part->entries);
}

// The version made from the previous one and the parts that differ; null when all entries must be
// joined anew.
mapcore::VersionPtr ChangedVersion(const MapInputs& inputs, const BuiltMap& previous) {
  // By path: a file may have moved in the order of entriesFrom, which changes no entry.
  std::unordered_map<std::string_view, const EntryPart*> gone;
  const auto& before = previous.inputs.parts;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (i >= inputs.parts.size() || before[i] != inputs.parts[i])
      gone.emplace(before[i]->path, before[i].get());
  PartChanges changes;
  if (previous.inputs.declaration != inputs.declaration)
    CollectChanges(previous.inputs.declaration->map->entries, inputs.declaration->map->entries,
                   changes);
  for (std::size_t i = 0; i < inputs.parts.size(); ++i) {
    const EntryPart* part = inputs.parts[i].get();
    if (i < before.size() && before[i].get() == part) continue;
    const auto old = gone.find(part->path);
    const EntryPart* counterpart = old == gone.end() ? nullptr : old->second;
    if (counterpart != part) CollectChanges(EntriesOf(counterpart), part->entries, changes);
    if (old != gone.end()) gone.erase(old);
  }
  for (const auto& [path, part] : gone) CollectChanges(part->entries, {}, changes);
  return ApplyChanges(*previous.map->version, std::move(changes));
}

}  // namespace

EntryPartPtr CheckEntryFile(const ReadResult& text, const ArtifactFile& file,
                            const EntryRules& rules) {
  auto part = std::make_shared<EntryPart>();
  part->path = file.path;
  part->oid = file.oid;
  part->diagnostics = text.AllDiagnostics();
  if (!part->diagnostics.empty()) return part;
  if (text.documents.size() != 1) {
    part->diagnostics.push_back(
        ErrorAt(file.path, {},
                "expected one object of entries, found " + std::to_string(text.documents.size()) +
                    " documents",
                text.documents.empty() ? "for a file without entries write \"{}\"" : ""));
    return part;
  }
  Report report(file.path);
  part->entries = CheckEntries({&text.documents.front().root, FieldPath()}, rules, report);
  part->diagnostics = report.Take();
  return part;
}

bool MapInputs::SameAs(const MapInputs& other) const {
  return declaration == other.declaration && strategy->sources == other.strategy->sources &&
         std::ranges::equal(
             rules, other.rules,
             [](const StrategyPtr& a, const StrategyPtr& b) { return a->sources == b->sources; }) &&
         parts == other.parts;
}

std::shared_ptr<const DesiredMap> BuildMap(const MapInputs& inputs, const BuiltMap* previous,
                                           std::vector<Diagnostic>& diagnostics) {
  if (!inputs.declaration->usable() || !inputs.strategy->reasons.empty()) return nullptr;
  if (std::ranges::any_of(inputs.rules,
                          [](const StrategyPtr& rule) { return !rule->reasons.empty(); }))
    return nullptr;
  if (std::any_of(inputs.parts.begin(), inputs.parts.end(),
                  [](const EntryPartPtr& part) { return !part->diagnostics.empty(); }))
    return nullptr;
  const bool has_previous = previous != nullptr && previous->map != nullptr;
  mapcore::VersionPtr version;
  if (has_previous) version = ChangedVersion(inputs, *previous);
  if (version == nullptr) {
    auto joined = mapcore::MapVersion::FromEntries(JoinEntries(inputs));
    if (!joined.ok()) {
      diagnostics = FindDuplicates(inputs);
      if (diagnostics.empty())
        diagnostics.push_back(ErrorAt(inputs.declaration->file, inputs.declaration->position,
                                      joined.error().message));
      return nullptr;
    }
    version = *std::move(joined);
  }
  // Equal content is one object: what holds the old version compares pointers.
  if (has_previous && previous->map->version->digest() == version->digest())
    version = previous->map->version;
  auto map = std::make_shared<DesiredMap>(inputs.declaration->map->map);
  map->strategy = inputs.strategy->strategy;
  map->rules = std::make_shared<EntryRules>(inputs.declaration->map->rules);
  for (std::size_t i = 0; i < inputs.rules.size(); ++i)
    map->rollout_rules.push_back(
        {inputs.declaration->map->rollout_rules[i].keys, inputs.rules[i]->strategy});
  map->version = std::move(version);
  return map;
}

}  // namespace portolan::manifests
