#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "manifests/strategy.h"
#include "mapcore/base/digest.h"
#include "mapcore/map_version.h"
#include "reconciler/diff.h"
#include "reconciler/floor.h"

namespace portolan::reconciler {

// What one map would go through: from stable (never from a canary) to what git wants.
struct MapPlan {
  std::string map;
  Digest id;  // over map, base, target, strategy and environment: what an approval binds to
  std::optional<Digest> base;  // none: first version
  Digest target;
  manifests::Revision revision;
  ChangeSet changes;
  std::int64_t size_before = 0;  // keys
  std::int64_t size_after = 0;
  manifests::Strategy strategy;
  std::vector<std::string> sensitive;  // key globs whose values are never printed: what git wants,
                                       // and what masks the values that are served meanwhile
  std::vector<std::string> secrets;    // changed keys whose values look like secrets in clear, in
                                       // byte order (MarkSecrets); never printed either
  std::vector<Finding> findings;       // not empty: Held until approved
  std::vector<std::string>
      notes;  // said in every rendering, for example an explicit onNoData: advanceAfterSoak
  manifests::SplitMode split = manifests::SplitMode::kSubject;
};

// One plan per revision. Maps whose target equals the base are not listed.
struct Plan {
  manifests::Revision revision;
  std::vector<MapPlan> maps;  // sorted by name
  std::vector<std::string>
      removed;  // of this source, no longer declared: Retiring, kept until pruned; sorted
  std::map<std::string, std::vector<manifests::Diagnostic>>
      rejected;                // keep their last good version
  std::int64_t unchanged = 0;  // maps
};

// The base of a plan: what is stable now, by map. A null version: known, but nothing is stable yet.
using StableVersions = std::map<std::string, mapcore::VersionPtr>;

// The key globs whose values are masked where a map is served, by map.
using ServedMarks = std::map<std::string, std::vector<std::string>>;

// Pure. Of `served` what the maps of `desired` do not mark themselves: what a commit takes away.
ServedMarks MarksBeyond(const ServedMarks& served, const manifests::DesiredState& desired);

// Pure. `stable` holds the maps that this source owns. A rejected map is neither planned nor
// removed; with an incomplete desired state nothing counts as removed. A plan that takes marks away
// shows none of the values that are `masked` still.
Plan MakePlan(const StableVersions& stable, const manifests::DesiredState& desired,
              const std::string& environment, const ServedMarks& masked = {});
// Pure. `stable` null: the map's first version. `desired` must have a version.
MapPlan MakeMapPlan(const mapcore::MapVersion* stable, const manifests::DesiredMap& desired,
                    const manifests::Revision& revision, const std::string& environment);

// What a person types to lift the first of the findings, which are not empty.
std::string ApproveCommand(const Digest& plan, const std::vector<Finding>& findings);

}  // namespace portolan::reconciler
