#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/analysis_template.h"
#include "manifests/document.h"
#include "manifests/group_manifest.h"
#include "manifests/map_manifest.h"
#include "manifests/policy_manifest.h"
#include "manifests/policy_test_manifest.h"
#include "manifests/strategy_manifest.h"
#include "manifests/waiver_manifest.h"

namespace portolan::manifests {

// One manifest of a file. Exactly the member of its kind is set, and only when the spec could be
// read at all.
struct Declaration {
  ManifestKind kind;
  std::string name;
  std::string file;
  Position position;
  std::vector<Diagnostic> diagnostics;  // not empty: not usable
  std::shared_ptr<const MapSpec> map;
  std::shared_ptr<const StrategySpec> strategy;
  std::shared_ptr<const AnalysisTemplate> analysis;
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const PolicyTest> policy_test;
  std::shared_ptr<const Waiver> waiver;
  std::shared_ptr<const GroupSpec> group;

  bool usable() const { return diagnostics.empty(); }
};

// What one file of a source turned out to be, from its bytes alone. Immutable.
struct ManifestFile {
  std::vector<std::shared_ptr<const Declaration>> declarations;
  // Of what belongs to no declaration: unreadable text, and manifests without a usable kind or
  // name.
  std::vector<Diagnostic> diagnostics;
  std::vector<Diagnostic>
      strays;  // of documents that are no manifests; void when a map names the file as entries
  bool unread = false;  // the text could not be read to its end
  bool has_manifest =
      false;  // some document is meant as a manifest: the file cannot serve as entries
  // A Map may be hidden in it (or in what could not be read), so that the absence of a name means
  // nothing.
  bool may_hide_map = false;
  // The same of a Policy or a Waiver.
  bool may_hide_policy = false;
  // The same of a RolloutGroup: maps may belong together that seem to be on their own.
  bool may_hide_group = false;
};

// Reads the text with the reader of its extension. Total: what is wrong is in the result.
ReadResult ReadText(std::string_view bytes, const std::string& path, std::size_t bytes_max);

// Decodes the documents of a text.
// `check` looks at the expressions of metrics; those of policies are checked with their set.
ManifestFile DecodeManifestFile(const ReadResult& text, const std::string& path,
                                const ExpressionCheck& check = {});

}  // namespace portolan::manifests
