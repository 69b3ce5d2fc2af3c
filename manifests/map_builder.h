#pragma once

#include <memory>
#include <string>
#include <vector>

#include "manifests/declarations.h"
#include "manifests/desired_state.h"
#include "manifests/document.h"

namespace portolan::manifests {

// The entries that one file gives to one map, checked by the map's rules.
struct EntryPart {
  std::string path;
  std::string oid;
  std::vector<CheckedEntry> entries;
  std::vector<Diagnostic> diagnostics;
};
using EntryPartPtr = std::shared_ptr<const EntryPart>;

// Checks the text of an entry file: one document, an object of entries.
EntryPartPtr CheckEntryFile(const ReadResult& text, const ArtifactFile& file,
                            const EntryRules& rules);

// Everything that decides what one map is.
struct MapInputs {
  DeclarationPtr declaration;
  StrategyPtr strategy;
  std::vector<StrategyPtr> rules;   // in the order of rollout.rules
  std::vector<EntryPartPtr> parts;  // in the order of entriesFrom

  // Whether both make the same map: the sources are the same objects.
  bool SameAs(const MapInputs& other) const;
};

// A map and what it was made from.
struct BuiltMap {
  MapInputs inputs;
  std::shared_ptr<const DesiredMap> map;  // null: something was wrong
};

// Joins the inputs to the map. A key that two places declare is an error of each place but the
// first. Returns null when anything is wrong; `diagnostics` then holds what the parts do not say
// themselves. With the `previous` map of that name only the files that differ are looked at, and
// the versions share what did not change.
std::shared_ptr<const DesiredMap> BuildMap(const MapInputs& inputs, const BuiltMap* previous,
                                           std::vector<Diagnostic>& diagnostics);

}  // namespace portolan::manifests
