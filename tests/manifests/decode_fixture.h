#pragma once

#include <stdexcept>
#include <string>

#include "manifests/decoder.h"
#include "manifests/yaml_reader.h"

namespace portolan::manifests {

// One YAML document with a report, for tests of decoders.
class Decoding {
 public:
  explicit Decoding(const std::string& yaml) : report("t.yaml") {
    ReadResult result = ReadYaml(yaml, "t.yaml");
    if (!result.ok() || result.documents.size() != 1)
      throw std::invalid_argument("not one document: " + yaml);
    root = std::move(result.documents.front().root);
  }

  Field field() const { return {&root, FieldPath()}; }
  std::string Text() { return FormatDiagnostics(report.Take()); }

  Node root;
  Report report;
};

}  // namespace portolan::manifests
