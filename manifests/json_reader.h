#pragma once

#include <string>
#include <string_view>

#include "manifests/document.h"

namespace portolan::manifests {

// Reads one JSON text (RFC 8259) into the tree that ReadYaml makes: strings are quoted scalars, the
// other scalars keep their text. `file` names the text in diagnostics. Duplicate keys and over-long
// scalars damage the document, anything else that is wrong is the failure. ParseJson (value.h)
// reads the same grammar to a Value. Stateless. O(bytes).
ReadResult ReadJsonNode(std::string_view bytes, const std::string& file,
                        const ReadLimits& limits = {});

}  // namespace portolan::manifests
