#pragma once

#include <string>

#include "controller/cli/output.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::controller {

// The renderings of the daemon's answers (docs/http-api.md) for people. Pure; members that are
// absent show as "-".

// A line per MapStatus; wide adds source, revision, plan and message.
TextTable StatusTable(const manifests::Value::Array& maps, WallTime now, bool wide);
// The same without alignment and without ages, so that it changes only when the map does.
std::string StatusTableLine(const manifests::Value& map);
// One MapStatus in a block: phase, versions, arms, findings, quarantine, lock, rejected lines.
std::string StatusDetail(const manifests::Value& map, WallTime now);
TextTable HistoryTable(const manifests::Value& history, WallTime now, bool wide);
// A line per instance and map of GET /v1/instances.
TextTable InstanceTable(const manifests::Value::Array& instances, WallTime now);
TextTable EventTable(const manifests::Value::Array& events, bool wide);
std::string EventLine(const manifests::Value& event);
std::string WhyText(const manifests::Value& why);

}  // namespace portolan::controller
