#pragma once

#include <string>

#include "manifests/metric.h"
#include "manifests/value.h"
#include "reconciler/analysis/metric_condition.h"

namespace portolan::reconciler {

// Conditions of metrics in the expression language of policies (CEL). Their one variable is
// `result`, what the canary's query gave: list(double) of a Prometheus metric, and of a web metric
// the JSON that was found, in which every number is a double.

// Whether the expression can work on the results of the metric's source: manifests::ExpressionCheck
// for the Loader of whoever reads manifests. Errors: kInvalid, "1:8: no such variable `reslt`".
Status CheckMetricExpression(const manifests::ProviderMetric& metric,
                             const std::string& expression);

// failureCondition true: kFailed, whatever the other says; else successCondition true: kSuccessful;
// neither: kInconclusive. One alone is the other's negation, as in Argo Rollouts. An expression
// that cannot be evaluated, or that yields no bool, is kError. O(cost of the expressions), bounded.
Judgement JudgeExpressions(const manifests::ProviderMetric& metric, const manifests::Value& result);

}  // namespace portolan::reconciler
