#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/config/metrics_config.h"
#include "controller/metrics/metric_worker.h"

namespace portolan::controller {

// The providers of a configuration, by name, each calling its own address with its own secrets.
// Errors: kInvalid for an address that ParseEndpoint does not read.
Result<std::map<std::string, MetricWorker::Provider>> MakeProviders(
    const std::vector<MetricProviderConfig>& configs);

}  // namespace portolan::controller
