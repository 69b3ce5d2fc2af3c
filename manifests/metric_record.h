#pragma once

#include "manifests/metric.h"
#include "manifests/value.h"

namespace portolan::manifests {

// The metric as records keep it, and back; a part of its template's record (analysis_template.h).
// Absent members read as the defaults. Errors of reading: kCorrupt.
Value ProviderMetricToValue(const ProviderMetric& metric);
Result<ProviderMetric> ProviderMetricFromValue(const Value& value);

}  // namespace portolan::manifests
