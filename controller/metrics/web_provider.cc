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

}  // namespace

Result<Sample> ReadWebAnswer(std::string_view json, std::string_view json_pointer) {
  const auto answer = manifests::ParseJson(json);
  if (!answer.ok())
    return Error{ErrorCode::kInvalid, "the answer is no JSON: " + answer.error().message};
  PORTOLAN_TRY(const manifests::JsonPointer pointer, manifests::ParseJsonPointer(json_pointer));
  PORTOLAN_TRY(const Value* found, manifests::ResolveJsonPointer(*answer, pointer));
  Sample sample;
  // A number as text is refused: "12.5" and "12,5" would be a guess.
  if (found->is_number()) {
    sample.points.push_back(found->as_double());
    return sample;
  }
  if (!found->is_array()) return NoNumber(*found, json_pointer);
  for (const Value& item : found->as_array()) {
    if (!item.is_number()) return NoNumber(item, json_pointer);
    sample.points.push_back(item.as_double());
  }
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
  return ReadWebAnswer(answer, source->json_pointer);
}

}  // namespace portolan::controller
