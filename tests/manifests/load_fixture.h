#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "manifests/artifact.h"
#include "mapcore/base/digest.h"

namespace portolan::manifests {

// A source in memory that counts how often files are read.
class MemorySource {
 public:
  MemorySource() = default;
  explicit MemorySource(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  std::string& operator[](const std::string& path) { return files_[path]; }
  void Erase(const std::string& path) { files_.erase(path); }
  void Refuse(Refusal refusal) { refusals_[refusal.path] = std::move(refusal); }
  int reads() const { return *reads_; }

  Artifact Get() const {
    Artifact artifact;
    artifact.revision.branch = "main";
    artifact.revision.commit = std::string(40, 'a');
    for (const auto& [path, text] : files_)
      artifact.files.push_back({.path = path, .oid = Sha256Of(text).Hex(), .size = text.size()});
    for (const auto& [path, refusal] : refusals_) artifact.refusals.push_back(refusal);
    artifact.read = [files = files_,
                     reads = reads_](const ArtifactFile& file) -> Result<std::string> {
      ++*reads;
      return files.at(file.path);
    };
    return artifact;
  }

 private:
  std::map<std::string, std::string> files_;
  std::map<std::string, Refusal> refusals_;
  std::shared_ptr<int> reads_ = std::make_shared<int>(0);
};

// A manifest's text without the lines that are always the same.
inline std::string Manifest(std::string_view kind, std::string_view name, std::string_view spec) {
  return "apiVersion: portolan/v1\nkind: " + std::string(kind) +
         "\nmetadata: {name: " + std::string(name) + "}\nspec:\n" + std::string(spec);
}

}  // namespace portolan::manifests
