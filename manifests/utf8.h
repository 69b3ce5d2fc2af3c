#pragma once

#include <cstddef>
#include <string_view>

namespace portolan::manifests {

constexpr std::string_view kUtf8Bom = "\xEF\xBB\xBF";

// The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629: no overlong forms,
// no surrogates, nothing above U+10FFFF), or npos.
std::size_t FindInvalidUtf8(std::string_view bytes);

}  // namespace portolan::manifests
