#pragma once

#include <optional>

#include "manifests/decoder.h"
#include "manifests/expression_check.h"
#include "manifests/strategy.h"
#include "manifests/value.h"

namespace portolan::manifests {

constexpr std::size_t kMetricsMax = 32;  // of one template

// Reads the spec of an AnalysisTemplate. Without a result, or with an unclean report, the template
// is unusable.
std::optional<AnalysisTemplate> DecodeAnalysisTemplate(const std::string& name, const Field& spec,
                                                       Report& report,
                                                       const ExpressionCheck& check = {});

// The template as records keep it, and back; a part of the strategy's record (strategy.h). Errors
// of reading: kCorrupt.
Value TemplateToValue(const AnalysisTemplate& analysis);
Result<AnalysisTemplate> TemplateFromValue(const Value& value);

}  // namespace portolan::manifests
