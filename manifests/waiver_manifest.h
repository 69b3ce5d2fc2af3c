#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/envelope.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::manifests {

constexpr Duration kWaiverMax = std::chrono::days(90);  // from the time of the commit

// An exception from one policy that ends by itself: a reviewed commit like any other.
struct Waiver {
  std::string name;
  std::string file;
  Position position;
  Position until_position;
  std::string owner;              // metadata.owner, or empty
  std::string policy;             // that it lifts
  std::vector<std::string> maps;  // names or globs; never empty
  std::vector<std::string> keys;  // globs; empty: every key
  WallTime until{};
  std::string reason;
  std::vector<std::string> approved_by;

  bool Covers(std::string_view map) const;
  bool CoversKey(std::string_view key) const;
};

// Reads a Waiver. Nothing usable when the report is unclean.
Waiver DecodeWaiver(const Envelope& envelope, Report& report);

// What verdicts depend on; part of the policy set's digest.
Value WaiverToValue(const Waiver& waiver);

}  // namespace portolan::manifests
