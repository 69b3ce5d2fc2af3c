#include "manifests/source_index.h"

#include <algorithm>

#include "manifests/source_path.h"

// The files of a commit, sorted by path, so that a path is a binary search and a glob a range that
// shares its literal prefix. Refusals are kept beside them under their paths: a file that is
// refused is never "no such file".

namespace portolan::manifests {
namespace {

Diagnostic At(const MapSpec& spec, const Reference& pattern, std::string message,
              std::string hint = "") {
  Diagnostic diagnostic =
      ErrorAt(spec.map.file, pattern.position, std::move(message), std::move(hint));
  diagnostic.field = pattern.field;
  return diagnostic;
}

// What is wrong with a pattern as such; empty when nothing is.
// Said as an error, not as a glob that matches nothing: the words tell what to write instead.
std::string PatternFault(const std::string& pattern) {
  if (pattern.find("**") != std::string::npos)
    return "\"**\" is not supported; a \"*\" does not cross \"/\"";
  if (pattern.ends_with(".csv") || pattern.ends_with(".ndjson"))
    return "this format is not supported yet; supported now: .yaml, .yml and .json";
  if (!IsReadablePath(pattern))
    return "expected a path that ends in .yaml, .yml or .json, found " + QuoteForMessage(pattern);
  return "";
}

// A link, a submodule and a bad name may stand for a folder full of maps.
bool MayHideManifest(const Refusal& refusal) {
  if (IsHiddenPath(refusal.path)) return false;
  return IsReadablePath(refusal.path) || refusal.reason == "SubmoduleRefused" ||
         refusal.reason == "SymlinkRefused" || refusal.reason == "BadName";
}

}  // namespace

// The daemon's artifact refuses large files by itself; a plain directory's may have another limit.
SourceIndex::SourceIndex(const Artifact& artifact, std::size_t file_bytes)
    : artifact_(artifact), refusals_(artifact.refusals) {
  for (const ArtifactFile& file : artifact.files) {
    if (file.size <= file_bytes || !IsReadablePath(file.path)) continue;
    refusals_.push_back({file.path, "TooLarge",
                         "the file has " + std::to_string(file.size) + " bytes; at most " +
                             std::to_string(file_bytes) + " are read"});
  }
  for (const Refusal& refusal : refusals_) refused_paths_.insert(refusal.path);
}

std::vector<const ArtifactFile*> SourceIndex::Candidates() const {
  std::vector<const ArtifactFile*> candidates;
  for (const ArtifactFile& file : artifact_.files) {
    if (IsReadablePath(file.path) && !IsHiddenPath(file.path) &&
        !refused_paths_.contains(file.path))
      candidates.push_back(&file);
  }
  return candidates;
}

const ArtifactFile* SourceIndex::Find(std::string_view path) const {
  const auto found = std::lower_bound(
      artifact_.files.begin(), artifact_.files.end(), path,
      [](const ArtifactFile& file, std::string_view wanted) { return file.path < wanted; });
  return found == artifact_.files.end() || found->path != path ? nullptr : &*found;
}

// The refusal of the path itself, or of a folder on it (a symlink, a submodule).
// O(refusals) for a hit, which ends in an error anyway.
const Refusal* SourceIndex::FindRefusal(std::string_view path) const {
  if (refusals_.empty()) return nullptr;
  for (std::string_view at = path; !at.empty(); at = FolderOf(at)) {
    if (!refused_paths_.contains(std::string(at))) continue;
    return &*std::find_if(refusals_.begin(), refusals_.end(),
                          [&](const Refusal& refusal) { return refusal.path == at; });
  }
  return nullptr;
}

EntryFiles SourceIndex::Expand(const MapSpec& spec) {
  EntryFiles result;
  for (const Reference& pattern : spec.entries_from) ExpandOne(spec, pattern, result);
  return result;
}

void SourceIndex::ExpandOne(const MapSpec& spec, const Reference& pattern, EntryFiles& result) {
  const auto fail = [&](std::string message, std::string hint = "") {
    result.diagnostics.push_back(At(spec, pattern, std::move(message), std::move(hint)));
  };
  if (std::string fault = PatternFault(pattern.name); !fault.empty()) return fail(std::move(fault));
  const auto path = ResolvePath(FolderOf(spec.map.file), pattern.name);
  if (!path)
    return fail("expected a path inside the source, found " + QuoteForMessage(pattern.name));
  if (IsGlob(*path)) return ExpandGlob(*path, spec, pattern, result);
  if (const Refusal* refusal = FindRefusal(*path)) {
    referred_.insert(refusal->path);
    return fail(refusal->path + ": " + refusal->message + " (" + refusal->reason + ")");
  }
  const ArtifactFile* file = Find(*path);
  if (file == nullptr) return fail("no file " + QuoteForMessage(*path) + " in the source");
  if (std::find(result.files.begin(), result.files.end(), file) == result.files.end())
    result.files.push_back(file);
}

void SourceIndex::ExpandGlob(const std::string& glob, const MapSpec& spec, const Reference& pattern,
                             EntryFiles& result) {
  const std::string_view prefix = LiteralPrefix(glob);
  const bool hidden = IsHiddenPath(glob);
  const std::unordered_set<const ArtifactFile*> known(result.files.begin(), result.files.end());
  bool matched = false;
  auto file = std::lower_bound(
      artifact_.files.begin(), artifact_.files.end(), prefix,
      [](const ArtifactFile& a, std::string_view wanted) { return a.path < wanted; });
  for (; file != artifact_.files.end() && file->path.starts_with(prefix); ++file) {
    if (!PathMatch(glob, file->path) || (!hidden && IsHiddenPath(file->path))) continue;
    matched = true;
    if (!refused_paths_.contains(file->path) && !known.contains(&*file))
      result.files.push_back(&*file);
  }
  for (const Refusal& refusal : refusals_) {
    if (!PathMatch(glob, refusal.path) && !prefix.starts_with(refusal.path + "/")) continue;
    matched = true;
    referred_.insert(refusal.path);
    result.diagnostics.push_back(
        At(spec, pattern, refusal.path + ": " + refusal.message + " (" + refusal.reason + ")"));
  }
  if (!matched)
    result.diagnostics.push_back(At(spec, pattern, QuoteForMessage(glob) + " matches no file"));
}

bool SourceIndex::IsOther(const Refusal& refusal) const {
  return !referred_.contains(refusal.path);
}

std::vector<Diagnostic> SourceIndex::OtherRefusals() const {
  std::vector<Diagnostic> diagnostics;
  for (const Refusal& refusal : refusals_) {
    if (!IsOther(refusal)) continue;
    diagnostics.push_back(ErrorAt(refusal.path, {}, refusal.message + " (" + refusal.reason + ")"));
    if (!MayHideManifest(refusal)) diagnostics.back().severity = Diagnostic::Severity::kWarning;
  }
  return diagnostics;
}

bool SourceIndex::RefusalsMayHideMaps() const {
  return std::any_of(refusals_.begin(), refusals_.end(), [&](const Refusal& refusal) {
    return IsOther(refusal) && MayHideManifest(refusal);
  });
}

}  // namespace portolan::manifests
