#include "manifests/analysis_template.h"

#include <array>
#include <set>

#include "manifests/fields.h"
#include "manifests/metric_record.h"
#include "manifests/provider_metric.h"
#include "manifests/record.h"

// Bounds of evidence are checked against the grid of ratios that the sequential test looks for
// (strategy.h): a limit outside of it would leave a test without alternatives, which never finds
// anything.

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kNameBytes{1, 63};
// At least 1: below, a version that changes nothing would be "worse".
constexpr Range<double> kMaxRatio{1, 1e9};
constexpr Range<double> kSafeRatio{0, 1e9};
constexpr Range<double> kAlpha{1e-6, 0.5};
constexpr std::array<std::string_view, 2> kRequire = {"regressionOnly", "safe"};

void DecodeEvidence(const Field& field, ReportMetric& metric, Report& report) {
  if (!field) return;
  MappingDecoder evidence(field, report);
  const Field max_ratio = evidence.Take("maxRatio");
  SetIf(metric.max_ratio, ReadNumber(max_ratio, kMaxRatio, report));
  if (metric.max_ratio >= kLargestTestedRatio)
    report.Error(max_ratio,
                 "the regression test looks for ratios up to 100; above " + Found(*max_ratio.node) +
                     " none is left to test",
                 "use a ratio below 100");
  SetIf(metric.alpha, ReadNumber(evidence.Take("alpha"), kAlpha, report));
  const Field safe_ratio = evidence.Take("safeRatio");
  SetIf(metric.safe_ratio, ReadNumber(safe_ratio, kSafeRatio, report));
  if (metric.safe_ratio <= kSmallestTestedRatio)
    report.Error(safe_ratio,
                 "the safety test looks for ratios down to 0.25; below " + Found(*safe_ratio.node) +
                     " none is left to test",
                 "use a ratio above 0.25");
  const Field ok_below = evidence.Take("okBelow");
  SetIf(metric.ok_below, ReadRatio(ok_below, report));
  if (ok_below && (metric.ok_below <= 0 || metric.ok_below >= 1))
    report.Error(ok_below,
                 "expected a share above 0% and below 100%, found " + Found(*ok_below.node));
  if (auto choice = ReadChoice(evidence.Take("require"), kRequire, report))
    metric.require = std::string(kRequire[*choice]);
  evidence.Finish();
}

// A metric of another provider gets one error about the provider, not one for each field that goes
// with it.
// Of other tools' templates, which people copy.
bool RefuseOtherProvider(const Field& field, Report& report) {
  if (field.node->kind != Node::Kind::kMapping || field.node->Find("reports") != nullptr)
    return false;
  for (std::string_view provider : {"json", "exec", "http", "kayenta", "datadog", "cloudwatch"}) {
    const Node* node = field.node->Find(provider);
    if (node == nullptr) continue;
    report.Error({node, field.path.Member(provider)},
                 "this metric provider is not supported yet; supported now: \"reports\", "
                 "\"prometheus\" and \"web\"");
    return true;
  }
  return false;
}

std::optional<ReportMetric> DecodeMetric(const Field& field, Report& report) {
  if (RefuseOtherProvider(field, report)) return std::nullopt;
  ReportMetric metric;
  MappingDecoder decoder(field, report);
  SetIf(metric.name, ReadString(decoder.Require("name"), kNameBytes, report));
  {
    MappingDecoder reports(decoder.Require("reports"), report);
    SetIf(metric.bad, ReadString(reports.Require("bad"), kNameBytes, report));
    reports.Finish();
  }
  DecodeEvidence(decoder.Take("evidence"), metric, report);
  decoder.RefuseForNow({"interval", "initialDelay", "count", "failureLimit", "inconclusiveLimit",
                        "consecutiveErrorLimit", "compare", "min", "max", "successCondition",
                        "failureCondition", "hardLimits"});
  decoder.Finish();
  return metric;
}

}  // namespace

std::optional<AnalysisTemplate> DecodeAnalysisTemplate(const std::string& name, const Field& spec,
                                                       Report& report,
                                                       const ExpressionCheck& check) {
  const std::size_t before = report.size();
  AnalysisTemplate analysis{.name = name, .metrics = {}};
  MappingDecoder decoder(spec, report);
  const Field metrics = decoder.Require("metrics");
  if (metrics && (metrics.node->kind != Node::Kind::kSequence || metrics.node->items.empty() ||
                  metrics.node->items.size() > kMetricsMax)) {
    report.Error(metrics,
                 "expected a list of 1 to " + std::to_string(kMetricsMax) + " metrics, found " +
                     (metrics.node->items.empty() ? Found(*metrics.node)
                                                  : std::to_string(metrics.node->items.size())));
  } else if (metrics) {
    std::set<std::string> names;
    const auto add_name = [&](const Field& field, const std::string& metric) {
      if (!names.insert(metric).second)
        report.Error(field, "a second metric named " + QuoteForMessage(metric));
    };
    for (std::size_t i = 0; i < metrics.node->items.size(); ++i) {
      const Field item = metrics.Item(i);
      if (IsProviderMetric(item)) {
        analysis.provider_metrics.push_back(DecodeProviderMetric(item, report, check));
        add_name(item, analysis.provider_metrics.back().name);
      } else if (auto metric = DecodeMetric(item, report)) {
        add_name(item, metric->name);
        analysis.metrics.push_back(*std::move(metric));
      }
    }
  }
  decoder.Finish();
  if (report.size() != before) return std::nullopt;
  return analysis;
}

Value TemplateToValue(const AnalysisTemplate& analysis) {
  Value::Array metrics;
  for (const ReportMetric& metric : analysis.metrics) {
    metrics.push_back(Value::Object{{"name", metric.name},
                                    {"bad", metric.bad},
                                    {"maxRatio", metric.max_ratio},
                                    {"alpha", metric.alpha},
                                    {"require", metric.require},
                                    {"safeRatio", metric.safe_ratio},
                                    {"okBelow", metric.ok_below}});
  }
  Value::Object record{{"name", analysis.name}, {"metrics", std::move(metrics)}};
  if (analysis.provider_metrics.empty()) return record;
  Value::Array measured;
  for (const ProviderMetric& metric : analysis.provider_metrics)
    measured.push_back(ProviderMetricToValue(metric));
  record.emplace_back("providerMetrics", std::move(measured));
  return record;
}

Result<AnalysisTemplate> TemplateFromValue(const Value& value) {
  AnalysisTemplate analysis;
  RecordReader record(value, "analysis template");
  record.Read("name", analysis.name);
  for (const Value& item : record.Items("metrics")) {
    ReportMetric metric;
    RecordReader reader(item, "metric");
    reader.Read("name", metric.name);
    reader.Read("bad", metric.bad);
    reader.Read("maxRatio", metric.max_ratio);
    reader.Read("alpha", metric.alpha);
    reader.Read("require", metric.require);
    reader.Read("safeRatio", metric.safe_ratio);
    reader.Read("okBelow", metric.ok_below);
    PORTOLAN_CHECK(reader.status());
    analysis.metrics.push_back(std::move(metric));
  }
  for (const Value& item : record.Items("providerMetrics")) {
    PORTOLAN_TRY(auto metric, ProviderMetricFromValue(item));
    analysis.provider_metrics.push_back(std::move(metric));
  }
  PORTOLAN_CHECK(record.status());
  return analysis;
}

}  // namespace portolan::manifests
