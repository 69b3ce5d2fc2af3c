#pragma once

#include <string>
#include <utility>
#include <vector>

#include "manifests/value.h"

namespace portolan::controller {

// A dual run (`shadow` of docs/http-api.md) as labels and texts: how far it is, what was compared,
// and the keys that disagree with an example each.
std::vector<std::pair<std::string, std::string>> ShadowRows(const manifests::Value& shadow);

}  // namespace portolan::controller
