#include "mapcore/live_map.h"

#include <algorithm>
#include <utility>

// A lookup takes two locks for a pointer copy each (published.h): the catalog's index, then the
// map's state. What it reads afterwards belongs to its guard. Writers build the new state before,
// and destroy the old one after, so that a reader never waits for work in proportion to a map.

namespace portolan::mapcore {

LiveState::Choice LiveState::Choose(const Subject& subject) const {
  if (!canary) return {{Arm::kStable, AssignReason::kStatic}, stable.get()};
  const Assignment assignment = Assign(split, subject);
  return {assignment, assignment.arm == Arm::kCanary ? canary.get() : stable.get()};
}

std::optional<std::string_view> LiveState::Find(const MapVersion& version,
                                                std::string_view key) const {
  if (overlay != nullptr)
    if (const auto found = overlay->Find(key)) return found;
  return version.Find(key);
}

bool LiveState::Overrides(std::string_view key) const {
  return overlay != nullptr && overlay->Find(key).has_value();
}

void LiveState::CompareArms(std::string_view key) const {
  if (dual_run == nullptr || stable == nullptr || canary == nullptr || !dual_run->Samples()) return;
  dual_run->Count(key, Find(*stable, key), Find(*canary, key));
}

// Merges two sorted sequences: an overlay is small, so its entries are listed first.
void LiveState::ForEach(
    const MapVersion& version,
    const std::function<void(std::string_view key, std::string_view value)>& visit) const {
  if (overlay == nullptr) return version.ForEach(visit);
  std::vector<std::pair<std::string_view, std::string_view>> over;
  overlay->ForEach(
      [&over](std::string_view key, std::string_view value) { over.emplace_back(key, value); });
  auto next = over.begin();
  version.ForEach([&](std::string_view key, std::string_view value) {
    for (; next != over.end() && next->first < key; ++next) visit(next->first, next->second);
    if (next == over.end() || next->first != key) return visit(key, value);
    visit(next->first, next->second);
    ++next;
  });
  for (; next != over.end(); ++next) visit(next->first, next->second);
}

void ReadGuard::Pin(std::shared_ptr<const void> pinned) {
  if (!first_)
    first_ = std::move(pinned);
  else
    more_.push_back(std::move(pinned));
}

LiveMap::LiveMap(LiveState state) : state_(std::make_shared<const LiveState>(std::move(state))) {}

const LiveState& LiveMap::Load(ReadGuard& guard) const {
  // The guard holds the state, the state its versions: the reference outlives a Publish.
  std::shared_ptr<const LiveState> state = state_.Load();
  const LiveState& loaded = *state;
  guard.Pin(std::move(state));
  return loaded;
}

void LiveMap::Publish(LiveState state) {
  state_.Store(std::make_shared<const LiveState>(std::move(state)));
}

struct Catalog::NamedMap {
  NamedMap(std::string map_name, LiveState state)
      : name(std::move(map_name)), live(std::move(state)) {}

  const std::string name;
  LiveMap live;
};

namespace {

// The first map whose name is not before `name`.
template <typename Index>
auto LowerBound(Index& index, std::string_view name) {
  return std::lower_bound(
      index.begin(), index.end(), name,
      [](const auto& map, std::string_view wanted) { return map->name < wanted; });
}

}  // namespace

Catalog::Catalog() : index_(std::make_shared<const Index>()) {}

// The index may be replaced meanwhile; it holds its maps, and the guard then holds the state.
const LiveState* Catalog::Find(ReadGuard& guard, std::string_view name) const {
  const std::shared_ptr<const Index> index = index_.Load();
  const auto at = LowerBound(*index, name);
  if (at == index->end() || (*at)->name != name) return nullptr;
  return &(*at)->live.Load(guard);
}

std::vector<std::string> Catalog::Names() const {
  // Named, for a range-for does not keep alive what it dereferences: a writer may replace the index
  // meanwhile.
  const std::shared_ptr<const Index> index = index_.Load();
  std::vector<std::string> names;
  names.reserve(index->size());
  for (const auto& map : *index) names.push_back(map->name);
  return names;
}

// Of the index only a new name needs a new copy: the map behind a name publishes by itself.
void Catalog::Publish(const std::string& name, LiveState state) {
  const std::lock_guard lock(writers_);
  const std::shared_ptr<const Index> index = index_.Load();
  const auto at = LowerBound(*index, name);
  if (at != index->end() && (*at)->name == name) {
    (*at)->live.Publish(std::move(state));
    return;
  }
  auto grown = std::make_shared<Index>(*index);
  grown->insert(grown->begin() + (at - index->begin()),
                std::make_shared<NamedMap>(name, std::move(state)));
  index_.Store(std::move(grown));
}

void Catalog::Remove(std::string_view name) {
  const std::lock_guard lock(writers_);
  const std::shared_ptr<const Index> index = index_.Load();
  const auto at = LowerBound(*index, name);
  if (at == index->end() || (*at)->name != name) return;
  auto shrunk = std::make_shared<Index>(*index);
  shrunk->erase(shrunk->begin() + (at - index->begin()));
  index_.Store(std::move(shrunk));
}

}  // namespace portolan::mapcore
