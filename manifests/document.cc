#include "manifests/document.h"

#include <algorithm>

namespace portolan::manifests {

bool ReadResult::ok() const {
  return !failure && std::all_of(documents.begin(), documents.end(), [](const Document& document) {
    return document.diagnostics.empty();
  });
}

std::vector<Diagnostic> ReadResult::AllDiagnostics() const {
  std::vector<Diagnostic> all;
  for (const Document& document : documents)
    all.insert(all.end(), document.diagnostics.begin(), document.diagnostics.end());
  if (failure) all.push_back(*failure);
  return all;
}

}  // namespace portolan::manifests
