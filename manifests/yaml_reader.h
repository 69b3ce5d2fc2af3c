#pragma once

#include <string>
#include <string_view>

#include "manifests/document.h"

namespace portolan::manifests {

// Reads YAML 1.2 into trees with positions; scalars stay untyped (scalar.h). `file` names the text
// in diagnostics. Refused, each with its place: bytes that are no UTF-8, control characters,
// duplicate keys, anchors, aliases, merge keys, tags other than !!str, keys that are no strings, a
// quote that is never closed, a second document without `---`. A UTF-8 BOM is accepted; empty
// documents are left out. Stateless. About 14 MB/s (the scanner of yaml-cpp 0.7).
ReadResult ReadYaml(std::string_view bytes, const std::string& file, const ReadLimits& limits = {});

}  // namespace portolan::manifests
