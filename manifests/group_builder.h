#pragma once

#include "manifests/declarations.h"
#include "manifests/desired_state.h"

namespace portolan::manifests {

// Puts the maps of each RolloutGroup together: they get its strategy and salt. A group with an
// error, or with a map that has one, is not usable, and none of its maps is: they move together or
// not at all. After the maps were built. O(maps).
void BuildGroups(Declarations& declarations, DesiredState& state);

}  // namespace portolan::manifests
