#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/node.h"

namespace portolan::manifests {

// What a text may cost its reader. Crossing `scalar_bytes` damages a document; crossing any other
// ends the reading.
struct ReadLimits {
  std::size_t bytes = 32u << 20;
  int depth = 32;                         // of nested mappings and sequences
  std::size_t nodes = 1'000'000;          // keys, scalars and collections of all documents
  std::size_t scalar_bytes = 256u << 10;  // of one key or value
  std::size_t documents = 256;
  std::size_t errors = 1000;  // per text; further ones are not looked for
};

// One document. With diagnostics it is damaged: `root` holds what could be read, enough to learn
// whose document it is (kind, metadata.name) and not to be used as content. Its positions and
// `unique keys` hold either way.
struct Document {
  Node root;
  std::vector<Diagnostic> diagnostics;
};

// What a reader made of one text. `failure` ended the reading: the documents are those completed
// before it, and what follows is unknown.
struct ReadResult {
  std::vector<Document> documents;  // without empty ones
  std::optional<Diagnostic> failure;

  bool ok() const;                                 // no diagnostics at all
  std::vector<Diagnostic> AllDiagnostics() const;  // of all documents, and the failure
};

}  // namespace portolan::manifests
