#include "controller/telemetry/clean_text.h"

#include <cstdint>
#include <cstdio>

#include "manifests/utf8.h"

namespace portolan::controller {
namespace {

// DEL and C1, the soft hyphen, zero-width and bidirectional characters (Unicode TR 36, section 2):
// a log line must look like what it is. C0 is escaped by JSON itself.
bool IsInvisible(std::uint32_t c) {
  return (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x061C || c == 0x180E ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB);
}

// Of the code point that the lead byte begins.
// The text is valid UTF-8 by now (ValidUtf8).
std::size_t LengthOf(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

std::uint32_t CodePoint(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return lead;
  std::uint32_t code = lead & (0x7Fu >> bytes.size());
  for (const char c : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

}  // namespace

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  for (;;) {
    const std::size_t bad = manifests::FindInvalidUtf8(text);
    if (bad == std::string_view::npos) break;
    valid.append(text.substr(0, bad)).append("\xEF\xBF\xBD");
    text.remove_prefix(bad + 1);
  }
  return valid.append(text);
}

std::string EscapeInvisible(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const std::string_view point = json.substr(0, LengthOf(static_cast<unsigned char>(json[0])));
    json.remove_prefix(point.size());
    if (const std::uint32_t code = CodePoint(point); IsInvisible(code)) {
      char escape[8];
      // All of them are in the basic plane: four digits, and no surrogates.
      std::snprintf(escape, sizeof escape, "\\u%04x", code);
      out += escape;
    } else {
      out += point;
    }
  }
  return out;
}

}  // namespace portolan::controller
