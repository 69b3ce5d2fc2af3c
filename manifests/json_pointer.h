#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifests/value.h"

namespace portolan::manifests {

// The steps of a JSON pointer (RFC 6901), unescaped: "/a~1b/0" is {"a/b", "0"}, "" the whole
// document.
using JsonPointer = std::vector<std::string>;

// Errors: kInvalid for a text that neither is empty nor begins with '/', and for a '~' that is not
// followed by 0 or 1.
Result<JsonPointer> ParseJsonPointer(std::string_view text);

// The value that the pointer names. An index is decimal without leading zeros; "-", the place after
// the last item, names nothing. Errors: kNotFound saying how far the document goes along.
Result<const Value*> ResolveJsonPointer(const Value& document, const JsonPointer& pointer);

}  // namespace portolan::manifests
