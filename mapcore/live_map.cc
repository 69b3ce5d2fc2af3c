#include "mapcore/live_map.h"

#include <algorithm>
#include <cassert>
#include <utility>

// The first lookup of a guard takes one lock for a pointer copy (published.h), the others none: the
// index holds the states, and the guard the index. Writers build the new index before, and destroy
// the old one after, so that a reader never waits for work in proportion to a map.

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

const LiveState* Catalog::Find(ReadGuard& guard, std::string_view name) const {
  assert(guard.catalog_ == nullptr || guard.catalog_ == this);
  if (guard.catalog_ == nullptr) {
    guard.index_ = index_.Load();
    guard.catalog_ = this;
  }
  const Index& index = *static_cast<const Index*>(guard.index_.get());
  const auto at = LowerBound(index, name);
  return at == index.end() || (*at)->name != name ? nullptr : &(*at)->state;
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

// Merges two sorted lists, so that a batch costs what one state does.
void Catalog::Publish(std::vector<NamedState> states) {
  if (states.empty()) return;
  std::stable_sort(states.begin(), states.end(),
                   [](const NamedState& a, const NamedState& b) { return a.name < b.name; });
  const std::lock_guard lock(writers_);
  const std::shared_ptr<const Index> before = index_.Load();
  auto after = std::make_shared<Index>();
  after->reserve(before->size() + states.size());
  auto old = before->begin();
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (i + 1 < states.size() && states[i + 1].name == states[i].name) continue;
    for (; old != before->end() && (*old)->name < states[i].name; ++old) after->push_back(*old);
    if (old != before->end() && (*old)->name == states[i].name) ++old;
    after->push_back(std::make_shared<const NamedState>(std::move(states[i])));
  }
  after->insert(after->end(), old, before->end());
  index_.Store(std::move(after));
}

void Catalog::Publish(std::string name, LiveState state) {
  std::vector<NamedState> one;
  one.push_back({std::move(name), std::move(state)});
  Publish(std::move(one));
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
