#pragma once

#include <map>
#include <memory>
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
  std::string salt;  // default: the map's name
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

// What a commit says, map by map. A map with errors is in `rejected` and not in `maps`: it keeps
// what it has.
struct DesiredState {
  Revision revision;
  std::map<std::string, std::shared_ptr<const DesiredMap>> maps;
  // Names of maps that the commit declares but that are not usable, with the reasons (also those
  // that depend on a bad strategy or entry file). A declared map is never "removed from git",
  // however broken.
  std::map<std::string, std::vector<Diagnostic>> rejected;
  // What the commit wants to be judged by, once it is accepted.
  PolicySet policies;
  // All errors and warnings of the commit, those of `rejected` included, sorted.
  std::vector<Diagnostic> diagnostics;
  // True when some file could not be attributed to a map (unreadable manifest): then absence of a
  // name means nothing and no map may be taken as removed.
  bool incomplete = false;
};

}  // namespace portolan::manifests
