#include "manifests/text_source.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "manifests/utf8.h"

namespace portolan::manifests {
namespace {

// Told apart from "bytes that are no UTF-8": it is what editors on Windows save.
constexpr std::string_view kUtf16Little = "\xFF\xFE";
constexpr std::string_view kUtf16Big = "\xFE\xFF";

bool IsForbiddenControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

std::string Hex(char c) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text;
}

Diagnostic Bad(Position position, std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.position = position;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

}  // namespace

TextSource::TextSource(std::string_view bytes) : text_(bytes) {
  if (text_.starts_with(kUtf8Bom)) text_.remove_prefix(kUtf8Bom.size());
}

std::optional<Diagnostic> TextSource::Check(std::size_t bytes_max) {
  if (text_.size() > bytes_max)
    return Bad({},
               "the text has " + std::to_string(text_.size()) + " bytes, at most " +
                   std::to_string(bytes_max) + " are read",
               "");
  if (text_.starts_with(kUtf16Little) || text_.starts_with(kUtf16Big))
    return Bad({1, 1}, "expected UTF-8, found UTF-16", "save the file as UTF-8");
  if (text_.starts_with(kUtf8Bom))
    return Bad({1, 1}, "found a second byte order mark", "remove it");
  const std::size_t invalid = FindInvalidUtf8(text_);
  const auto control = std::find_if(text_.begin(), text_.end(), IsForbiddenControl);
  const auto control_at = static_cast<std::size_t>(control - text_.begin());
  if (control != text_.end() && control_at < invalid)
    return Bad(At(control_at), "expected text, found the control character " + Hex(*control),
               "write it as an escape in a double-quoted string");
  if (invalid != std::string_view::npos)
    return Bad(At(invalid), "expected UTF-8, found the byte " + Hex(text_[invalid]),
               "save the file as UTF-8");
  return std::nullopt;
}

// Positions are asked for in rising order but for a few; going back restarts at the line's start,
// so that no table of lines is kept for texts that have no errors.
Position TextSource::At(std::size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < offset_) {
    const std::size_t newline =
        offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
    const auto skipped = text_.substr(line_start, offset_ - line_start);
    place_.line -= static_cast<int>(std::count(skipped.begin(), skipped.end(), '\n'));
    place_.column = 1;
    offset_ = line_start;
  }
  for (; offset_ < offset; ++offset_) {
    const auto byte = static_cast<unsigned char>(text_[offset_]);
    if (byte == '\n') {
      ++place_.line;
      place_.column = 1;
      // Continuation bytes have no column: columns count code points.
    } else if ((byte & 0xC0) != 0x80) {
      ++place_.column;
    }
  }
  return place_;
}

}  // namespace portolan::manifests
