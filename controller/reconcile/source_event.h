#pragma once

#include <string>
#include <string_view>

#include "reconciler/ports/state_store.h"

namespace portolan::controller {

// An event of a source, by the repository unless the caller says who; `type` is "Normal" or
// "Warning". Its data is an empty object.
reconciler::Event SourceEvent(const std::string& source, std::string_view type,
                              std::string_view reason, std::string message);

}  // namespace portolan::controller
