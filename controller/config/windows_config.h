#pragma once

#include <vector>

#include "manifests/fields.h"
#include "reconciler/freeze_window.h"

namespace portolan::controller {

constexpr std::size_t kWindowsMax = 100;

// Reads `windows` of the daemon's configuration: the times in which rollouts wait. Zones are looked
// up in the machine's time zones. Everything wrong is reported; the result is then unusable.
std::vector<reconciler::FreezeWindow> ReadWindows(const manifests::Field& field,
                                                  manifests::Report& report);

}  // namespace portolan::controller
