#include "controller/metrics/web_provider.h"

#include "manifests/json_pointer.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Error NoNumber(const Value& found, std::string_view json_pointer) {
  return {ErrorCode::kInvalid, "expected a number or a list of numbers at \"" +
                                   std::string(json_pointer) + "\", found a " +
                                   std::string(manifests::KindName(found.kind()))};
}

Result<Value> Find(std::string_view json, std::string_view json_pointer) {
  const auto answer = manifests::ParseJson(json);
  if (!answer.ok())
    return Error{ErrorCode::kInvalid, "the answer is no JSON: " + answer.error().message};
  PORTOLAN_TRY(const manifests::JsonPointer pointer, manifests::ParseJsonPointer(json_pointer));
  PORTOLAN_TRY(const Value* found, manifests::ResolveJsonPointer(*answer, pointer));
  return *found;
}

// The number, or those of a list. A number as text is refused: "12.5" and "12,5" would be a guess.
Result<std::vector<double>> Numbers(const Value& found, std::string_view json_pointer) {
  std::vector<double> points;
  if (found.is_number()) {
    points.push_back(found.as_double());
    return points;
  }
  if (!found.is_array()) return NoNumber(found, json_pointer);
  for (const Value& item : found.as_array()) {
    if (!item.is_number()) return NoNumber(item, json_pointer);
    points.push_back(item.as_double());
  }
  return points;
}

}  // namespace

Result<Sample> ReadWebAnswer(std::string_view json, std::string_view json_pointer) {
  PORTOLAN_TRY(const Value found, Find(json, json_pointer));
  Sample sample;
  PORTOLAN_TRY(sample.points, Numbers(found, json_pointer));
  return sample;
}

Result<Sample> ReadWebResult(std::string_view json, std::string_view json_pointer) {
  PORTOLAN_TRY(Value found, Find(json, json_pointer));
  // An expression such as `result.all(…)` is true of an empty list, and nothing is no success.
  if (found.is_null() || (found.is_array() && found.as_array().empty()))
    return Error{ErrorCode::kNotFound, "no data: found " +
                                           std::string(found.is_null() ? "null" : "an empty list") +
                                           " at \"" + std::string(json_pointer) + "\""};
  Sample sample;
  if (auto points = Numbers(found, json_pointer); points.ok())
    sample.points = std::move(points).value();
  sample.found = std::move(found);
  return sample;
}

Result<Sample> WebProvider::Measure(const ProviderQuery& query) {
  const auto* source = std::get_if<manifests::WebSource>(&query.metric->source);
  if (source == nullptr)
    return Error{ErrorCode::kInvalid, server_ + " is a web server; the metric is \"prometheus\""};
  HttpClient::Call call;
  call.method = source->method;
  call.target =
      manifests::FillPlaceholders(query.text, query.values, manifests::QueryQuoting::kPercent);
  call.body =
      manifests::FillPlaceholders(source->body, query.values, manifests::QueryQuoting::kJson);
  call.headers = {{"Accept", "application/json"}};
  call.deadline = query.deadline;
  call.cancellation = query.cancellation;
  PORTOLAN_TRY(const std::string answer, CallProvider(transport_, call, server_));
  return query.metric->has_expressions() ? ReadWebResult(answer, source->json_pointer)
                                         : ReadWebAnswer(answer, source->json_pointer);
}

}  // namespace portolan::controller
