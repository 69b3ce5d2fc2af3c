#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portolan::reconciler::cel {

// Well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong forms.
bool ValidUtf8(std::string_view text);
// All functions below expect valid UTF-8.
std::size_t CodePoints(std::string_view text);
// Decodes the first code point of a text that is not empty and removes it.
char32_t NextCodePoint(std::string_view& text);
// The byte offset of a code point; the text's size when it has not so many.
std::size_t ByteOffset(std::string_view text, std::size_t code_point);
void AppendCodePoint(std::string& out, char32_t code_point);

}  // namespace portolan::reconciler::cel
