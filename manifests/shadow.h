#pragma once

#include <cstdint>
#include <optional>

#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::manifests {

class Report;
struct Field;

// Which comparisons of a dual run its soak waits for.
enum class ShadowRequire {
  kAny,      // of lookups, or of outputs that clients send
  kOutputs,  // of outputs: a dual run that is there for predictions is silent without them
};

// The dual run of a strategy: both versions are evaluated for a while, everybody is served stable.
struct Shadow {
  std::uint32_t share = 5'000;  // of lookups that are compared, of 100,000
  Duration soak = std::chrono::hours(72);
  double tolerance = 1e-5;       // L2 distance up to which two outputs agree
  double max_lookups_ratio = 1;  // of compared lookups, may find another answer
  double max_outputs_ratio = 0;  // of subjects with outputs, may have one that disagrees
  ShadowRequire require = ShadowRequire::kAny;

  friend bool operator==(const Shadow&, const Shadow&) = default;
};

// Reads `shadow` of a strategy. Nothing when the field is absent; what is wrong is reported.
std::optional<Shadow> DecodeShadow(const Field& field, Report& report);

// As records keep it, and back; absent members have their defaults. Errors: kCorrupt.
Value ShadowToValue(const Shadow& shadow);
Result<Shadow> ShadowFromValue(const Value& value);

}  // namespace portolan::manifests
