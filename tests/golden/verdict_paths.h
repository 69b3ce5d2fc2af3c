#pragma once

#include <map>
#include <string>

#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::golden {

using Files = std::map<std::string, std::string>;

// When the commits of the corpus are judged, by which the daemon knows the environment prod-eu of
// tier prod in eu-1 and eu-2.
constexpr std::string_view kJudgedAt = "2023-11-20T12:00:00Z";

// What policies say of the commit from `base` to `head`, a report for each map in the order of
// their names: as a pipeline asks before a merge, and as the daemon stores it with the plans.
std::string ByCommandLine(const Files& base, const Files& head);
std::string ByDaemon(const Files& base, const Files& head);

// The reports as both functions write them, one after the other.
std::string TextOf(const manifests::Value::Array& reports);

}  // namespace portolan::golden
