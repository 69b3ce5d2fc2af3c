#include "controller/metrics/prometheus_provider.h"

#include <charconv>
#include <limits>
#include <optional>

#include "controller/http/target.h"
#include "reconciler/text_format.h"

// Two calls of the HTTP API: /api/v1/query and /api/v1/query_range. Exactly one series is an
// answer: several would need a choice, and none is "no data", which is inconclusive and never
// zero.

namespace portolan::controller {
namespace {

using manifests::Value;

constexpr std::size_t kWarningShownMax = 300;

Error NoAnswer(std::string_view why) {
  return {ErrorCode::kInvalid, "not an answer of Prometheus: " + std::string(why)};
}

// Unix time with a fraction, without a double: those have microseconds of error by now.
std::string Seconds(WallTime time) {
  const std::int64_t ms = time.time_since_epoch().count();
  const std::string fraction = std::to_string(1000 + ms % 1000);
  return std::to_string(ms / 1000) + "." + fraction.substr(1);
}

std::string TargetOf(const ProviderQuery& query, const manifests::PrometheusSource& source) {
  const std::string text =
      manifests::FillPlaceholders(query.text, query.values, manifests::QueryQuoting::kPromQl);
  const std::string common =
      // The server gives up when we do, and does not go on computing for nobody.
      "?query=" + PercentEncode(text) + "&timeout=" + std::to_string(query.deadline.count()) + "ms";
  if (!source.range) return "/api/v1/query" + common;
  return "/api/v1/query_range" + common + "&start=" + Seconds(query.at - source.range->window) +
         "&end=" + Seconds(query.at) + "&step=" + std::to_string(source.range->step.count()) + "ms";
}

// "1.5", "NaN", "+Inf", "-Inf".
// Go's strconv.FormatFloat, as the API writes values; from_chars reads no "+Inf".
std::optional<double> ParseSampleValue(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return value;
}

// Adds the value of one `[time, "value"]`.
Status AddPoint(const Value* pair, Sample& sample) {
  if (pair == nullptr || !pair->is_array() || pair->as_array().size() != 2 ||
      !pair->as_array()[1].is_string())
    return NoAnswer("expected [time, \"value\"]");
  const auto value = ParseSampleValue(pair->as_array()[1].as_string());
  if (!value) return NoAnswer("a value that is no number");
  sample.points.push_back(*value);
  return {};
}

Status AddSeries(const Value& result, std::string_view type, Sample& sample) {
  if (!result.is_array()) return NoAnswer("no list of series");
  const Value::Array& series = result.as_array();
  if (series.empty()) return {};
  // Which of several would be judged is not for us to choose.
  if (series.size() != 1)
    return Error{ErrorCode::kInvalid, "the query gives " + std::to_string(series.size()) +
                                          " series; expected one: aggregate them, for example "
                                          "with sum(…)"};
  if (type == "vector") return AddPoint(series[0].Find("value"), sample);
  const Value* values = series[0].Find("values");
  if (values == nullptr || !values->is_array()) return NoAnswer("a series without values");
  for (const Value& pair : values->as_array()) PORTOLAN_CHECK(AddPoint(&pair, sample));
  return {};
}

std::string WarningsOf(const Value& answer) {
  std::string text;
  const Value* warnings = answer.Find("warnings");
  if (warnings == nullptr || !warnings->is_array()) return text;
  for (const Value& warning : warnings->as_array())
    if (warning.is_string()) text += (text.empty() ? "" : "; ") + warning.as_string();
  return reconciler::Printable(std::string_view(text).substr(0, kWarningShownMax));
}

}  // namespace

Result<Sample> ReadPrometheusAnswer(std::string_view json) {
  const auto answer = manifests::ParseJson(json);
  if (!answer.ok()) return NoAnswer(answer.error().message);
  if (answer->StringOr("status", "") != "success") {
    const std::string error(answer->StringOr("error", "no status"));
    return NoAnswer(reconciler::Printable(std::string_view(error).substr(0, kWarningShownMax)));
  }
  const Value* data = answer->Find("data");
  const Value* result = data == nullptr ? nullptr : data->Find("result");
  if (result == nullptr) return NoAnswer("no result");
  Sample sample;
  sample.warning = WarningsOf(*answer);
  const std::string_view type = data->StringOr("resultType", "");
  if (type == "scalar") {
    PORTOLAN_CHECK(AddPoint(result, sample));
  } else if (type == "vector" || type == "matrix") {
    PORTOLAN_CHECK(AddSeries(*result, type, sample));
  } else {
    return Error{ErrorCode::kInvalid, "the query gives a " + reconciler::Printable(type) +
                                          "; expected a scalar or one series"};
  }
  return sample;
}

Result<Sample> PrometheusProvider::Measure(const ProviderQuery& query) {
  const auto* source = std::get_if<manifests::PrometheusSource>(&query.metric->source);
  if (source == nullptr)
    return Error{ErrorCode::kInvalid, server_ + " is a Prometheus server; the metric is \"web\""};
  HttpClient::Call call;
  call.target = TargetOf(query, *source);
  call.headers = {{"Accept", "application/json"}};
  call.deadline = query.deadline;
  call.cancellation = query.cancellation;
  PORTOLAN_TRY(const std::string answer, CallProvider(transport_, call, server_));
  return ReadPrometheusAnswer(answer);
}

}  // namespace portolan::controller
