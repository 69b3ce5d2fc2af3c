#pragma once

#include <string>
#include <utility>
#include <vector>

#include "manifests/decoder.h"

namespace portolan::controller {

enum class ProviderType { kPrometheus, kWeb };

// A server that metrics of AnalysisTemplates may name: where it is, and what only it is told.
struct MetricProviderConfig {
  std::string name;
  ProviderType type = ProviderType::kPrometheus;
  std::string address;  // as ParseEndpoint reads it: "http://127.0.0.1:9090"
  std::string prefix;   // of every path, without a '/' at the end: "/prometheus", or empty
  std::string token;    // secret: sent as a bearer token; empty for none
  std::vector<std::pair<std::string, std::string>> headers;  // secret values
  int concurrency = 2;                                       // calls at a time
};

constexpr std::size_t kMetricProvidersMax = 16;
constexpr int kProviderConcurrencyMax = 8;

// Reads `metrics` of the daemon's configuration. `folder` is the one that relative paths of secrets
// start from. Everything wrong is reported; the result is then unusable.
std::vector<MetricProviderConfig> ReadMetricProviders(const manifests::Field& field,
                                                      const std::string& folder,
                                                      manifests::Report& report);

}  // namespace portolan::controller
