#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifests/envelope.h"
#include "manifests/strategy_manifest.h"

namespace portolan::manifests {

constexpr std::size_t kGroupMapsMin = 2;
constexpr std::size_t kGroupMapsMax = 100;

// A RolloutGroup as its manifest says it: maps of one source that move together.
struct GroupSpec {
  std::string name;
  std::string file;
  Position position;
  std::vector<Reference> maps;  // as written; each once
  Reference strategy;           // by name; "default" when the manifest names none
  std::optional<StrategySpec> inline_strategy;
  std::string salt;  // of all its maps; default: the group's name
  std::string bucket_by = "targetingKey";
};

// Reads a RolloutGroup. `maps` holds what could be read also when the report is unclean, so that
// the maps of a broken group are still known to be its maps.
GroupSpec DecodeGroup(const Envelope& envelope, Report& report);

}  // namespace portolan::manifests
