#pragma once

#include <functional>
#include <string>

#include "mapcore/base/result.h"

namespace portolan::manifests {

struct ProviderMetric;

// Whether an expression of a metric can work, asked while its manifest is read; the metric has its
// source by then. The expression language is that of policies, which live above this layer, so
// whoever makes a Loader brings it along. An empty one accepts every text. Errors: kInvalid, with
// line and column in the expression and what is wrong there.
using ExpressionCheck =
    std::function<Status(const ProviderMetric& metric, const std::string& expression)>;

}  // namespace portolan::manifests
