#pragma once

#include <string>
#include <string_view>

#include "controller/metrics/metric_provider.h"
#include "controller/metrics/provider_call.h"

namespace portolan::controller {

// Asks a server that speaks the HTTP API of Prometheus, as VictoriaMetrics, Thanos and Mimir do
// (https://prometheus.io/docs/prometheus/latest/querying/api/): an instant query, or a range.
class PrometheusProvider final : public MetricProvider {
 public:
  // `server` names it in messages.
  PrometheusProvider(ProviderTransport transport, std::string server)
      : transport_(std::move(transport)), server_(std::move(server)) {}

  // Errors, besides those of CallProvider: kInvalid for a query that gives several series.
  Result<Sample> Measure(const ProviderQuery& query) override;

 private:
  const ProviderTransport transport_;
  const std::string server_;
};

// The points of an answer of the API: of its one series, or the scalar; none when there is no
// series. Errors: kInvalid saying why it is no such answer, or how many series there are.
Result<Sample> ReadPrometheusAnswer(std::string_view json);

}  // namespace portolan::controller
