#include "reconciler/drift.h"

#include <algorithm>
#include <map>

namespace portolan::reconciler {
namespace {

using mapcore::MapVersion;
using mapcore::VersionPtr;

const MapVersion& OrEmpty(const VersionPtr& version) {
  static const VersionPtr kEmpty = MapVersion::Empty();
  return version == nullptr ? *kEmpty : *version;
}

bool Same(const MapVersion& a, const MapVersion& b) {
  return &a == &b || a.digest() == b.digest();
}

// What a reader on the canary's arm reads.
const VersionPtr& CanaryArm(const Holding& holding) {
  return holding.canary != nullptr ? holding.canary : holding.stable;
}

DriftKind KindOf(const mapcore::Difference& difference) {
  if (!difference.after) return DriftKind::kMissing;
  return difference.before ? DriftKind::kChanged : DriftKind::kExtra;
}

// A key that drifted on both arms is one key.
void Collect(const VersionPtr& should, const VersionPtr& has, DriftedKeys& drifted) {
  const MapVersion& before = OrEmpty(should);
  const MapVersion& after = OrEmpty(has);
  if (Same(before, after)) return;
  for (const mapcore::Difference& difference : Diff(before, after))
    drifted.emplace(difference.key, KindOf(difference));
}

// Keys of `should` on either arm and over them.
std::int64_t KeysOf(const Holding& should) {
  const MapVersion& stable = OrEmpty(should.stable);
  const MapVersion& canary = OrEmpty(CanaryArm(should));
  auto keys = static_cast<std::int64_t>(stable.size());
  if (!Same(stable, canary))
    for (const mapcore::Difference& difference : Diff(stable, canary))
      if (!difference.before) ++keys;
  OrEmpty(should.overlay).ForEach([&](std::string_view key, std::string_view) {
    if (!stable.Find(key) && !canary.Find(key)) ++keys;
  });
  return keys;
}

bool Holds(const Holding& holding, std::string_view key) {
  return OrEmpty(holding.stable).Find(key) || OrEmpty(holding.canary).Find(key) ||
         OrEmpty(holding.overlay).Find(key);
}

}  // namespace

Holding HoldingOf(const mapcore::LiveState& state) {
  return {state.stable, state.canary, state.overlay, state.split};
}

std::string_view DriftKindName(DriftKind kind) {
  switch (kind) {
    case DriftKind::kChanged:
      return "changed";
    case DriftKind::kMissing:
      return "missing";
    case DriftKind::kExtra:
      return "extra";
  }
  return "";
}

double Drift::rate() const {
  return static_cast<double>(drifted) / static_cast<double>(std::max<std::int64_t>(1, keys));
}

DriftedKeys CompareContents(const MapVersion& should, const MapVersion& has) {
  DriftedKeys drifted;
  should.ForEach([&](std::string_view key, std::string_view value) {
    const auto held = has.Find(key);
    if (!held || *held != value)
      drifted.emplace(key, held ? DriftKind::kChanged : DriftKind::kMissing);
  });
  has.ForEach([&](std::string_view key, std::string_view) {
    if (!should.Find(key)) drifted.emplace(key, DriftKind::kExtra);
  });
  return drifted;
}

void AddDrifted(const DriftedKeys& drifted, Drift& drift) {
  drift.drifted += static_cast<std::int64_t>(drifted.size());
  for (const auto& [key, kind] : drifted)
    if (drift.some.size() < kDriftKeysShown) drift.some.push_back({key, kind});
}

Drift CompareHoldings(const Holding& should, const Holding& has) {
  DriftedKeys drifted;
  Collect(should.stable, has.stable, drifted);
  Collect(CanaryArm(should), CanaryArm(has), drifted);
  Collect(should.overlay, has.overlay, drifted);
  Drift drift;
  drift.keys = KeysOf(should);
  drift.split = should.split != has.split;
  for (const auto& [key, kind] : drifted)
    if (!Holds(should, key)) ++drift.keys;
  AddDrifted(drifted, drift);
  return drift;
}

}  // namespace portolan::reconciler
