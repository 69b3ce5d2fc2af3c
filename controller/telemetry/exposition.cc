#include "controller/telemetry/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "controller/telemetry/clean_text.h"

// https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.

namespace portolan::controller {
namespace {

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// HELP leaves quotes as they are, label values escape them.
void AppendEscaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : ValidUtf8(text)) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  out += out.back() == '{' ? "" : ",";
  out.append(name).append("=\"");
  AppendEscaped(value, true, out);
  out += '"';
}

}  // namespace

bool IsMetricName(std::string_view name) {
  return !name.empty() && !IsDigit(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || c == ':';
  });
}

bool IsLabelName(std::string_view name) {
  // "__" is Prometheus' own, and `le` belongs to histograms.
  return IsMetricName(name) && name.find(':') == std::string_view::npos &&
         !name.starts_with("__") && name != "le";
}

void AppendHeader(const MetricSpec& spec, std::string_view type, std::string& out) {
  out.append("# HELP ").append(spec.name).append(" ");
  AppendEscaped(spec.help, false, out);
  out.append("\n# TYPE ").append(spec.name).append(" ").append(type).append("\n");
}

void AppendSample(const SampleName& sample, double value, std::string& out) {
  out.append(sample.name).append(sample.suffix);
  if (!sample.labels.empty() || !sample.le.empty()) {
    out += '{';
    for (std::size_t i = 0; i < sample.labels.size(); ++i)
      AppendLabel(sample.labels[i], sample.values[i], out);
    if (!sample.le.empty()) AppendLabel("le", sample.le, out);
    out += '}';
  }
  out.append(" ").append(NumberText(value)).append("\n");
}

// The shortest text that reads back as the same double, as Go's parser takes it.
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace portolan::controller
