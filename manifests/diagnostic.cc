#include "manifests/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "manifests/value.h"

namespace portolan::manifests {
namespace {

constexpr std::size_t kQuotedBytesMax = 80;

bool IsPlainWord(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

auto ReadingOrder(const Diagnostic& d) {
  return std::tie(d.file, d.position.line, d.position.column, d.severity, d.field, d.message,
                  d.hint);
}

}  // namespace

std::string FormatDiagnostic(const Diagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (diagnostic.position.line > 0) {
    if (!text.empty()) text += ':';
    text +=
        std::to_string(diagnostic.position.line) + ":" + std::to_string(diagnostic.position.column);
  }
  if (!text.empty()) text += ": ";
  if (diagnostic.severity == Diagnostic::Severity::kWarning) text += "warning: ";
  if (!diagnostic.field.empty()) text += diagnostic.field + ": ";
  text += diagnostic.message;
  if (!diagnostic.hint.empty()) text += "; " + diagnostic.hint;
  return text;
}

std::string FormatDiagnostics(std::vector<Diagnostic> diagnostics) {
  SortDiagnostics(diagnostics);
  std::string text;
  std::size_t printed = 0;
  for (; printed < diagnostics.size() && printed < kDiagnosticsPrintedMax; ++printed)
    text += FormatDiagnostic(diagnostics[printed]) + "\n";
  if (printed < diagnostics.size())
    text += "and " + std::to_string(diagnostics.size() - printed) + " more\n";
  return text;
}

void SortDiagnostics(std::vector<Diagnostic>& diagnostics) {
  std::stable_sort(
      diagnostics.begin(), diagnostics.end(),
      [](const Diagnostic& a, const Diagnostic& b) { return ReadingOrder(a) < ReadingOrder(b); });
}

std::string JoinField(std::string_view parent, std::string_view key) {
  std::string path(parent);
  if (!path.empty()) path += '.';
  return path += IsPlainWord(key) ? std::string(key) : QuoteForMessage(key);
}

std::string JoinField(std::string_view parent, std::size_t index) {
  return std::string(parent) + "[" + std::to_string(index) + "]";
}

std::string QuoteForMessage(std::string_view text) {
  if (text.size() <= kQuotedBytesMax) return WriteJson(Value(text));
  std::size_t end = kQuotedBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return WriteJson(Value(std::string(text.substr(0, end)) + "…"));
}

}  // namespace portolan::manifests
