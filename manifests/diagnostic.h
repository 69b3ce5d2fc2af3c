#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/node.h"

namespace portolan::manifests {

constexpr int kDiagnosticsPrintedMax = 50;

// One thing wrong with an input, as a person needs it: where, what was found, what was expected,
// what to do.
struct Diagnostic {
  enum class Severity { kError, kWarning };

  Severity severity = Severity::kError;
  std::string file;  // path in the source, for example "maps/rate-limits.yaml"
  Position position;
  std::string field;    // "spec.entries.\"api/login\".rps", or empty
  std::string message;  // "expected an integer from 1 to 100000, found \"20/s\""
  std::string hint;     // "did you mean \"strategy\"?", or empty
};

// "file:line:col: field: message; hint"; parts that are absent leave no gap.
std::string FormatDiagnostic(const Diagnostic& diagnostic);
// Sorted by file and position, one a line, at most kDiagnosticsPrintedMax and a line that counts
// the rest.
std::string FormatDiagnostics(std::vector<Diagnostic> diagnostics);

// By file, line, column, then severity (errors first) and text: the order in which people read
// them.
void SortDiagnostics(std::vector<Diagnostic>& diagnostics);

// The path of a member, `parent.key`; keys that are no plain words are quoted:
// spec.entries."api/login".
std::string JoinField(std::string_view parent, std::string_view key);
// The path of an item, `parent[3]`; 0-based.
std::string JoinField(std::string_view parent, std::size_t index);

// A text as messages show it: in double quotes, escaped, at most 80 bytes and "…".
std::string QuoteForMessage(std::string_view text);

}  // namespace portolan::manifests
