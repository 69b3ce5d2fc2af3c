#include "controller/reconcile/held_versions.h"

#include <algorithm>
#include <utility>

namespace portolan::controller {
namespace {

using mapcore::MapVersion;

// Versions of one hash map are snapshots of it, under its seed; one that was read from the store is
// a map of its own, under another. What is too small for a hash map costs nobody anything.
bool ShareMemory(const MapVersion& one, const MapVersion& other) {
  const auto debug = one.debug();
  if (!debug) return true;
  const auto of_other = other.debug();
  return of_other && debug->hash0 == of_other->hash0;
}

}  // namespace

void HeldVersions::Serve(const mapcore::LiveState& state) {
  canary_ = state.canary;
  if (stable_ == state.stable) return;
  if (stable_ != nullptr) before_.insert(before_.begin(), {.version = stable_});
  stable_ = state.stable;
  if (stable_ == nullptr) return;
  // Back at one of them: it is held once.
  std::erase_if(before_,
                [this](const Held& held) { return held.version->digest() == stable_->digest(); });
  std::size_t allowed = std::max<std::size_t>(stable_->size(), 2) / 2;
  const MapVersion* next = stable_.get();
  std::size_t kept = 0;
  for (; kept < std::min(before_.size(), kBeforeMax); ++kept) {
    Held& held = before_[kept];
    if (!ShareMemory(*held.version, *next)) break;
    if (held.next != next->digest()) {
      held.next = next->digest();
      held.changed = CountDifferences(*held.version, *next, allowed + 1);
    }
    if (held.changed > allowed) break;
    allowed -= held.changed;
    next = held.version.get();
  }
  before_.resize(kept);
}

std::vector<mapcore::VersionPtr> HeldVersions::before() const {
  std::vector<mapcore::VersionPtr> versions;
  for (const Held& held : before_) versions.push_back(held.version);
  return versions;
}

void HeldVersions::Clear() {
  *this = HeldVersions();
}

}  // namespace portolan::controller
