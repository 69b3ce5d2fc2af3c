#pragma once

#include <optional>

#include "manifests/decoder.h"
#include "manifests/expression_check.h"
#include "manifests/metric.h"

namespace portolan::manifests {

// Whether this item of `metrics` asks a provider, rather than counting clients' reports.
bool IsProviderMetric(const Field& field);

// Reads one such item. Reports everything that is wrong; with an unclean report the result is
// unusable.
ProviderMetric DecodeProviderMetric(const Field& field, Report& report,
                                    const ExpressionCheck& check = {});

}  // namespace portolan::manifests
