#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "manifests/artifact.h"
#include "manifests/diagnostic.h"
#include "manifests/policy_set.h"
#include "manifests/strategy.h"
#include "manifests/value.h"
#include "mapcore/map_version.h"

namespace portolan::manifests {

enum class SplitMode { kSubject, kInstance };

struct EntryRules;

// Whether and how soon holders of the map that lost it are given it again.
struct HealSettings {
  bool self_heal = true;
  Duration interval = std::chrono::seconds(30);

  friend bool operator==(const HealSettings&, const HealSettings&) = default;
};

// A change whose keys all fit one of these globs is rolled out by this strategy.
struct RolloutRule {
  std::vector<std::string> keys;
  Strategy strategy;
};

// One map as a commit wants it, with its strategy resolved.
struct DesiredMap {
  std::string name;
  std::string file;  // where it is declared
  Position position;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> annotations;
  Value attributes;                    // object, free data
  std::vector<std::string> sensitive;  // key globs
  SplitMode split = SplitMode::kSubject;
  std::string group;  // the RolloutGroup that it moves with, or empty
  std::string salt;   // default: the map's name; of a group: the group's
  std::string bucket_by = "targetingKey";
  HealSettings heal;
  bool regulated = false;  // class: regulated: goes live by a signed answer from outside only
  Strategy strategy;
  std::vector<RolloutRule>
      rollout_rules;  // before `strategy`: the first that covers all changed keys
  std::shared_ptr<const EntryRules> rules;  // of the entries; null: any entry
  mapcore::VersionPtr version;              // entries with canonical JSON values

  bool IsSensitive(std::string_view key) const;
};

// Maps that move together: they share the strategy and the salt of the group, which are filled in
// in each of them.
struct DesiredGroup {
  std::string name;
  std::string file;  // where it is declared
  Position position;
  std::set<std::string> maps;  // all of them in DesiredState::maps
};

// What a commit says, map by map. A map with errors is in `rejected` and not in `maps`: it keeps
// what it has.
struct DesiredState {
  Revision revision;
  std::map<std::string, std::shared_ptr<const DesiredMap>> maps;
  // Names of maps that the commit declares but that are not usable, with the reasons (also those
  // that depend on a bad strategy or entry file). A declared map is never "removed from git",
  // however broken.
  std::map<std::string, std::vector<Diagnostic>> rejected;
  std::map<std::string, DesiredGroup> groups;
  // Groups that the commit declares but that are not usable: their maps are in `rejected` as far as
  // they are known.
  std::set<std::string> rejected_groups;
  // What the commit wants to be judged by, once it is accepted.
  PolicySet policies;
  // All errors and warnings of the commit, those of `rejected` included, sorted.
  std::vector<Diagnostic> diagnostics;
  // True when some file could not be attributed to a map (unreadable manifest): then absence of a
  // name means nothing and no map may be taken as removed.
  bool incomplete = false;
  // The same of groups: a map that seems to be on its own may belong to one that cannot be read.
  bool groups_incomplete = false;
};

// Takes the map back out of what the commit gives: it keeps what it has, and so do those that move
// with it.
void Reject(DesiredState& state, const std::string& map, std::vector<Diagnostic> reasons);

}  // namespace portolan::manifests
