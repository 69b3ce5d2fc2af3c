#pragma once

#include <string>
#include <string_view>

#include "controller/metrics/metric_provider.h"
#include "controller/metrics/provider_call.h"

namespace portolan::controller {

// Asks a web server for JSON.
class WebProvider final : public MetricProvider {
 public:
  // `server` names it in messages.
  WebProvider(ProviderTransport transport, std::string server)
      : transport_(std::move(transport)), server_(std::move(server)) {}

  // Errors: those of CallProvider and ReadWebAnswer.
  Result<Sample> Measure(const ProviderQuery& query) override;

 private:
  const ProviderTransport transport_;
  const std::string server_;
};

// The number, or the numbers of a list, at the JSON pointer. Errors: kInvalid for what is no JSON
// or no number, kNotFound when there is nothing.
Result<Sample> ReadWebAnswer(std::string_view json, std::string_view json_pointer);

// Whatever is at the JSON pointer, and its points when it is numbers. Errors: kInvalid for what is
// no JSON; kNotFound when there is nothing, null or an empty list.
Result<Sample> ReadWebResult(std::string_view json, std::string_view json_pointer);

}  // namespace portolan::controller
