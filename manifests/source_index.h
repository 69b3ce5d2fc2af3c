#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "manifests/artifact.h"
#include "manifests/map_manifest.h"

namespace portolan::manifests {

// The entry files of one map, as its patterns name them.
struct EntryFiles {
  std::vector<const ArtifactFile*> files;  // in the order of the patterns, each once
  std::vector<Diagnostic> diagnostics;     // not empty: the map is not usable
};

// An artifact's files and refusals, to be found by path and pattern. Borrows the artifact.
class SourceIndex {
 public:
  // Files above `file_bytes` count as refused.
  SourceIndex(const Artifact& artifact, std::size_t file_bytes);

  // Files that may be manifests: readable ones that are not hidden and not refused. Sorted by path.
  std::vector<const ArtifactFile*> Candidates() const;

  // Resolves the map's entriesFrom. Patterns that leave the source, match nothing or match what was
  // refused become diagnostics at their place. Refusals met are remembered: they are errors of the
  // map then, not of the commit.
  EntryFiles Expand(const MapSpec& spec);

  // Refusals that no map refers to, as diagnostics: errors when a manifest may be hidden behind
  // them, else warnings.
  std::vector<Diagnostic> OtherRefusals() const;
  // Whether one of those may hide a manifest.
  bool RefusalsMayHideMaps() const;

 private:
  void ExpandOne(const MapSpec& spec, const Reference& pattern, EntryFiles& result);
  void ExpandGlob(const std::string& glob, const MapSpec& spec, const Reference& pattern,
                  EntryFiles& result);
  const ArtifactFile* Find(std::string_view path) const;
  const Refusal* FindRefusal(std::string_view path) const;
  bool IsOther(const Refusal& refusal) const;

  const Artifact& artifact_;
  std::vector<Refusal> refusals_;  // the artifact's, and files over the limit
  std::unordered_set<std::string> refused_paths_;
  std::unordered_set<std::string> referred_;  // paths of refusals that maps refer to
};

}  // namespace portolan::manifests
