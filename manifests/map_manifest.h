#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manifests/desired_state.h"
#include "manifests/entries.h"
#include "manifests/envelope.h"
#include "manifests/strategy_manifest.h"

namespace portolan::manifests {

// One of `rollout.rules` as written.
struct RuleSpec {
  std::vector<std::string> keys;
  Reference strategy;
};

// A Map as its manifest says it: strategy by name, entry files by pattern.
struct MapSpec {
  DesiredMap map;      // without strategies and version
  Reference strategy;  // by name; "default" when the manifest names none
  std::optional<StrategySpec> inline_strategy;
  std::vector<RuleSpec> rollout_rules;
  std::vector<Reference> entries_from;  // paths and globs as written
  EntryRules rules;
  std::vector<CheckedEntry> entries;  // inline ones
};

// Reads a Map. What can be read is there also when the report is unclean: entries_from above all,
// so that the files of a broken map are still known to be entries.
MapSpec DecodeMap(const Envelope& envelope, Report& report);

}  // namespace portolan::manifests
