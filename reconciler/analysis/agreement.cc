#include "reconciler/analysis/agreement.h"

#include <cmath>
#include <limits>

namespace portolan::reconciler {
namespace {

using manifests::Value;

// Of 64 bits of mantissa: integers of JSON are subtracted exactly.
long double NumberOf(const Value& value) {
  return value.is_int() ? static_cast<long double>(value.as_int())
                        : static_cast<long double>(value.as_double());
}

// False when something else than numbers differs. Adds the numbers' difference to `norm` by hypot,
// which neither overflows nor loses small terms as a sum of squares would.
bool AddDifference(const Value& a, const Value& b, long double& norm) {
  if (a.is_number() && b.is_number()) {
    norm = std::hypot(norm, NumberOf(a) - NumberOf(b));
    return true;
  }
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    if (a.as_array().size() != b.as_array().size()) return false;
    for (std::size_t i = 0; i < a.as_array().size(); ++i)
      if (!AddDifference(a.as_array()[i], b.as_array()[i], norm)) return false;
    return true;
  }
  if (a.is_object()) {
    if (a.as_object().size() != b.as_object().size()) return false;
    for (const auto& [name, value] : a.as_object()) {
      const Value* other = b.Find(name);
      if (other == nullptr || !AddDifference(value, *other, norm)) return false;
    }
    return true;
  }
  return a == b;
}

}  // namespace

Agreement CompareOutputs(const Value& stable, const Value& canary, double tolerance) {
  long double norm = 0;
  if (!AddDifference(stable, canary, norm)) return {false, std::numeric_limits<double>::infinity()};
  const double distance = static_cast<double>(norm);
  // Written so that a distance that is no number does not agree.
  return {distance <= tolerance, distance};
}

}  // namespace portolan::reconciler
