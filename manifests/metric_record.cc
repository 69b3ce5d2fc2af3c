#include "manifests/metric_record.h"

#include "manifests/record.h"

namespace portolan::manifests {
namespace {

Value SourceToValue(const PrometheusSource& source) {
  Value::Object object{{"provider", source.provider}, {"query", source.query}};
  if (source.range)
    object.emplace_back("range", Value::Object{{"windowMs", source.range->window.count()},
                                               {"stepMs", source.range->step.count()}});
  return object;
}

Value SourceToValue(const WebSource& source) {
  return Value::Object{{"provider", source.provider},
                       {"path", source.path},
                       {"jsonPointer", source.json_pointer},
                       {"method", source.method},
                       {"body", source.body}};
}

Value ComparisonToValue(const Comparison& compare) {
  Value::Object object{{"stable", compare.stable}, {"canary", compare.canary}};
  if (compare.max_increase) object.emplace_back("maxIncrease", *compare.max_increase);
  if (compare.max_variance_ratio)
    object.emplace_back("maxVarianceRatio", *compare.max_variance_ratio);
  object.emplace_back("ignoreBelow", compare.ignore_below);
  if (compare.judge == ComparisonJudge::kMean) return object;
  object.emplace_back("judge", kComparisonJudgeNames[static_cast<std::size_t>(compare.judge)]);
  object.emplace_back("direction", kDirectionNames[static_cast<std::size_t>(compare.direction)]);
  object.emplace_back("confidence", compare.confidence);
  if (compare.max_decrease) object.emplace_back("maxDecrease", *compare.max_decrease);
  return object;
}

Result<PrometheusSource> PrometheusFromValue(const Value& value) {
  PrometheusSource source;
  RecordReader reader(value, "Prometheus source");
  reader.Read("provider", source.provider);
  reader.Read("query", source.query);
  if (const Value* range = value.Find("range")) {
    source.range.emplace();
    RecordReader window(*range, "range");
    window.Read("windowMs", source.range->window);
    window.Read("stepMs", source.range->step);
    // Divided by elsewhere.
    if (source.range->window <= Duration(0)) window.Fail("windowMs");
    if (source.range->step <= Duration(0)) window.Fail("stepMs");
    PORTOLAN_CHECK(window.status());
  }
  PORTOLAN_CHECK(reader.status());
  return source;
}

Result<WebSource> WebFromValue(const Value& value) {
  WebSource source;
  RecordReader reader(value, "web source");
  reader.Read("provider", source.provider);
  reader.Read("path", source.path);
  reader.Read("jsonPointer", source.json_pointer);
  reader.Read("method", source.method);
  reader.Read("body", source.body);
  PORTOLAN_CHECK(reader.status());
  return source;
}

// Reads a member that may be absent.
template <typename T>
void ReadOptional(RecordReader& reader, const Value& value, std::string_view key,
                  std::optional<T>& target) {
  if (value.Find(key) == nullptr) return;
  target.emplace();
  reader.Read(key, *target);
}

Result<Comparison> ComparisonFromValue(const Value& value) {
  Comparison compare;
  RecordReader reader(value, "comparison");
  reader.Read("stable", compare.stable);
  reader.Read("canary", compare.canary);
  ReadOptional(reader, value, "maxIncrease", compare.max_increase);
  ReadOptional(reader, value, "maxVarianceRatio", compare.max_variance_ratio);
  reader.Read("ignoreBelow", compare.ignore_below);
  reader.ReadEnum("judge", kComparisonJudgeNames, compare.judge);
  reader.ReadEnum("direction", kDirectionNames, compare.direction);
  reader.Read("confidence", compare.confidence);
  // The judge's quantile is of a probability.
  if (compare.confidence <= 0 || compare.confidence >= 1) reader.Fail("confidence");
  ReadOptional(reader, value, "maxDecrease", compare.max_decrease);
  PORTOLAN_CHECK(reader.status());
  return compare;
}

}  // namespace

Value ProviderMetricToValue(const ProviderMetric& metric) {
  Value::Object object{{"name", metric.name}};
  object.emplace_back(
      std::holds_alternative<WebSource>(metric.source) ? "web" : "prometheus",
      std::visit([](const auto& source) { return SourceToValue(source); }, metric.source));
  if (metric.interval) object.emplace_back("intervalMs", metric.interval->count());
  object.emplace_back("initialDelayMs", metric.initial_delay.count());
  if (metric.count) object.emplace_back("count", *metric.count);
  object.emplace_back("failureLimit", metric.failure_limit);
  object.emplace_back("inconclusiveLimit", metric.inconclusive_limit);
  object.emplace_back("consecutiveErrorLimit", metric.consecutive_error_limit);
  object.emplace_back("timeoutMs", metric.timeout.count());
  if (metric.min) object.emplace_back("min", *metric.min);
  if (metric.max) object.emplace_back("max", *metric.max);
  if (metric.compare) object.emplace_back("compare", ComparisonToValue(*metric.compare));
  if (!metric.success_condition.empty())
    object.emplace_back("successCondition", metric.success_condition);
  if (!metric.failure_condition.empty())
    object.emplace_back("failureCondition", metric.failure_condition);
  return object;
}

Result<ProviderMetric> ProviderMetricFromValue(const Value& value) {
  ProviderMetric metric;
  RecordReader reader(value, "metric");
  reader.Read("name", metric.name);
  if (const Value* web = value.Find("web")) {
    PORTOLAN_TRY(metric.source, WebFromValue(*web));
  } else if (const Value* prometheus = value.Find("prometheus")) {
    PORTOLAN_TRY(metric.source, PrometheusFromValue(*prometheus));
  } else {
    reader.Fail("prometheus");
  }
  ReadOptional(reader, value, "intervalMs", metric.interval);
  reader.Read("initialDelayMs", metric.initial_delay);
  ReadOptional(reader, value, "count", metric.count);
  reader.Read("failureLimit", metric.failure_limit);
  reader.Read("inconclusiveLimit", metric.inconclusive_limit);
  reader.Read("consecutiveErrorLimit", metric.consecutive_error_limit);
  reader.Read("timeoutMs", metric.timeout);
  ReadOptional(reader, value, "min", metric.min);
  ReadOptional(reader, value, "max", metric.max);
  if (const Value* compare = value.Find("compare")) {
    PORTOLAN_TRY(metric.compare, ComparisonFromValue(*compare));
  }
  reader.Read("successCondition", metric.success_condition);
  reader.Read("failureCondition", metric.failure_condition);
  PORTOLAN_CHECK(reader.status());
  return metric;
}

}  // namespace portolan::manifests
