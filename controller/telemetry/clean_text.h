#pragma once

#include <string>
#include <string_view>

namespace portolan::controller {

// The text with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string ValidUtf8(std::string_view text);

// JSON text with the code points that move, hide or reorder what a terminal shows written as \u
// escapes: C1 controls and DEL, zero-width and bidirectional formatting characters
// (https://trojansource.codes), line and paragraph separators, the byte order mark. They can only
// stand inside strings, so the JSON means the same. `json` is valid UTF-8 whose controls below
// U+0020 are escaped already.
std::string EscapeInvisible(std::string_view json);

}  // namespace portolan::controller
