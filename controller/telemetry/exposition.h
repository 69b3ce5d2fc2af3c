#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/telemetry/metrics.h"

namespace portolan::controller {

// Writers of the pieces of the Prometheus text format 0.0.4.

// [a-zA-Z_:][a-zA-Z0-9_:]*
bool IsMetricName(std::string_view name);
// [a-zA-Z_][a-zA-Z0-9_]*, without the reserved "__" in front and the writer's own "le".
bool IsLabelName(std::string_view name);

// The HELP and TYPE lines. `type` is "counter", "gauge" or "histogram".
void AppendHeader(const MetricSpec& spec, std::string_view type, std::string& out);

// One sample line: its name is `name` + `suffix`; `le`, when not empty, is a last label of that
// name.
struct SampleName {
  std::string_view name;
  std::string_view suffix;
  const std::vector<std::string>& labels;
  const std::vector<std::string>& values;
  std::string_view le;
};
void AppendSample(const SampleName& sample, double value, std::string& out);

// The shortest text that reads back as the same number, whatever the locale; +Inf, -Inf, NaN.
std::string NumberText(double value);

}  // namespace portolan::controller
