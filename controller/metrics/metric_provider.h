#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/http/client.h"
#include "manifests/metric.h"
#include "manifests/query_template.h"
#include "manifests/value.h"

namespace portolan::controller {

// One question to a provider: a metric's query for one arm.
struct ProviderQuery {
  const manifests::ProviderMetric* metric = nullptr;
  // The text to ask with, its placeholders still in it: the metric's own, or that of the
  // comparison for this arm.
  std::string text;
  manifests::QueryValues values;
  WallTime at{};  // the end of a range
  Duration deadline{0};
  Cancellation* cancellation = nullptr;
};

// What a provider answered: the points, in order of time, and what it warned of.
struct Sample {
  std::vector<double> points;  // may be empty, NaN or infinite: judged by Summarise
  std::string warning;
  // For a metric with expressions: what was found when it may be other than a list of points.
  std::optional<manifests::Value> found = {};
};

// Where numbers come from: the port of MetricWorker. Thread-safe.
class MetricProvider {
 public:
  virtual ~MetricProvider() = default;
  // Blocks, at most about the deadline. Errors: kUnavailable and kTimeout when the server does not
  // do its work, kCancelled; else what is wrong with the question or the answer.
  virtual Result<Sample> Measure(const ProviderQuery& query) = 0;
};

}  // namespace portolan::controller
