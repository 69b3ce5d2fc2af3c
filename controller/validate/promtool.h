#pragma once

#include "controller/validate/validator_config.h"
#include "reconciler/ports/validators.h"

namespace portolan::controller {

// Asks `promtool check rules` (package prometheus) about a map of PromQL rules: each value is an
// expression, a rule {alert | record, expr, …} or a group {rules: […]}, in the form of Prometheus'
// rule files. Denies with promtool's words, by key.
Result<reconciler::ValidatorAnswer> AskPromtool(const ValidatorConfig& validator,
                                                const manifests::Value& request);

// The map as a rule file, a group for each key; JSON, which YAML contains. An expression becomes a
// recording rule of its own.
manifests::Value RuleFile(const manifests::Value& entries);

}  // namespace portolan::controller
