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
  if (stable_ != nullptr) before_.insert(before_.begin(), stable_);
  stable_ = state.stable;
  if (stable_ == nullptr) return;
  // Back at one of them: it is held once.
  std::erase_if(before_,
                [this](const auto& version) { return version->digest() == stable_->digest(); });
  std::size_t allowed = std::max<std::size_t>(stable_->size(), 2) / 2;
  const MapVersion* next = stable_.get();
  std::size_t kept = 0;
  for (; kept < std::min(before_.size(), kBeforeMax); ++kept) {
    const MapVersion& version = *before_[kept];
    if (!ShareMemory(version, *next)) break;
    const std::size_t changed = Diff(version, *next).size();
    if (changed > allowed) break;
    allowed -= changed;
    next = &version;
  }
  before_.resize(kept);
}

void HeldVersions::Clear() {
  *this = HeldVersions();
}

}  // namespace portolan::controller
