#include "reconciler/policy/cel/utf8.h"

#include <algorithm>

namespace portolan::reconciler::cel {
namespace {

std::uint8_t ByteAt(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool Continues(std::string_view text, std::size_t i) {
  return i < text.size() && (ByteAt(text, i) & 0xC0) == 0x80;
}

bool StartsCodePoint(char byte) {
  return (static_cast<std::uint8_t>(byte) & 0xC0) != 0x80;
}

// The length of the well-formed sequence at `i`, or 0.
std::size_t SequenceLength(std::string_view text, std::size_t i) {
  const std::uint8_t lead = ByteAt(text, i);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (std::size_t k = 1; k < length; ++k)
    if (!Continues(text, i + k)) return 0;
  const std::uint8_t second = ByteAt(text, i + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool too_large = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

bool ValidUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::size_t CodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), StartsCodePoint));
}

char32_t NextCodePoint(std::string_view& text) {
  const std::uint8_t lead = ByteAt(text, 0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t result = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length && i < text.size(); ++i)
    result = (result << 6) | (ByteAt(text, i) & 0x3F);
  text.remove_prefix(std::min(length, text.size()));
  return result;
}

std::size_t ByteOffset(std::string_view text, std::size_t code_point) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!StartsCodePoint(text[i])) continue;
    if (code_point == 0) return i;
    --code_point;
  }
  return text.size();
}

void AppendCodePoint(std::string& out, char32_t code_point) {
  const auto add = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | (code_point >> 6));
    add(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    add(0xE0 | (code_point >> 12));
    add(0x80 | ((code_point >> 6) & 0x3F));
    add(0x80 | (code_point & 0x3F));
  } else {
    add(0xF0 | (code_point >> 18));
    add(0x80 | ((code_point >> 12) & 0x3F));
    add(0x80 | ((code_point >> 6) & 0x3F));
    add(0x80 | (code_point & 0x3F));
  }
}

}  // namespace portolan::reconciler::cel
