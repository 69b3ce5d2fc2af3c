#include "controller/metrics/providers.h"

#include "controller/metrics/prometheus_provider.h"
#include "controller/metrics/web_provider.h"

namespace portolan::controller {
namespace {

Result<ProviderTransport> TransportTo(const MetricProviderConfig& config) {
  HttpClient::Options options;
  PORTOLAN_TRY(options.endpoint, ParseEndpoint(config.address));
  options.token = config.token;
  options.body_bytes_max = kAnswerBytesMax;
  return ProviderTransport([client = HttpClient(std::move(options)), prefix = config.prefix,
                            headers = config.headers](HttpClient::Call call) {
    // Manifests' paths begin with '/' and have no ".." (manifests/provider_metric.cc), so that
    // they stay below the prefix.
    call.target = prefix + call.target;
    call.headers.insert(call.headers.end(), headers.begin(), headers.end());
    return client.Do(call);
  });
}

}  // namespace

Result<std::map<std::string, MetricWorker::Provider>> MakeProviders(
    const std::vector<MetricProviderConfig>& configs) {
  std::map<std::string, MetricWorker::Provider> providers;
  for (const MetricProviderConfig& config : configs) {
    PORTOLAN_TRY(ProviderTransport transport, TransportTo(config));
    MetricWorker::Provider& provider = providers[config.name];
    provider.concurrency = config.concurrency;
    const std::string server = config.address + config.prefix;
    if (config.type == ProviderType::kPrometheus) {
      provider.adapter = std::make_unique<PrometheusProvider>(std::move(transport), server);
    } else {
      provider.adapter = std::make_unique<WebProvider>(std::move(transport), server);
    }
  }
  return providers;
}

}  // namespace portolan::controller
