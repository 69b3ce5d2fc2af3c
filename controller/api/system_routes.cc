// The daemon itself: probes, metrics, version, and the published assignment formula.
#include "controller/api/api.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Response Ready(const Api& api) {
  const std::vector<std::string> reasons = ReasonsNotReady(api);
  const bool ready = reasons.empty();
  Value value;
  value.Set("ready", ready);
  value.Set("reasons", Value::Array(reasons.begin(), reasons.end()));
  return JsonResponse(value, ready ? 200 : 503);
}

struct Vector {
  std::string_view salt;
  std::string_view subject;
};
constexpr Vector kVectors[] = {
    {"m1", "user-1"},
    {"m1", "user-2"},
    {"m1", "user-3"},
    {"routes.2026-11", "user-1"},
    {"routes.2026-11", "alice@example.com"},
    {"routes.2026-11", "10.0.0.7"},
    {"prices", "é"},
};

Response Bucketing() {
  Value::Array vectors;
  for (const Vector& vector : kVectors) {
    Value item;
    item.Set("salt", vector.salt);
    item.Set("subject", vector.subject);
    item.Set("hash",
             mapcore::Murmur3(std::string(vector.salt) + ":" + std::string(vector.subject), 0));
    item.Set("bucket", mapcore::Bucket(vector.salt, vector.subject));
    vectors.push_back(std::move(item));
  }
  Value value;
  value.Set("version", "v1");
  value.Set("bucket",
            "(uint64(murmur3_x86_32(utf8(salt) + \":\" + utf8(subject), seed 0)) * 100000) >> 32");
  value.Set("canary",
            "weight > 0 && (matched || bucket < weight); without a subject: stable, below 100000");
  value.Set("vectors", std::move(vectors));
  value.Set("subjectHash", "first 16 hex digits of sha256(utf8(subject))");
  return JsonResponse(value);
}

}  // namespace

void AddSystemRoutes(Router& router, Api& api) {
  router.Add("GET", "/livez", Scope::kNone,
             [](const Request&) -> Result<Response> { return TextResponse("ok\n"); });
  router.Add("GET", "/readyz", Scope::kNone,
             [&api](const Request&) -> Result<Response> { return Ready(api); });
  router.Add("GET", "/metrics", Scope::kNone, [&api](const Request&) -> Result<Response> {
    return TextResponse(api.metrics(), "text/plain; version=0.0.4; charset=utf-8");
  });
  router.Add("GET", "/v1/version", Scope::kRead, [&api](const Request&) -> Result<Response> {
    return JsonResponse(Value(Value::Object{{"version", Value(api.version)}}));
  });
  router.Add("GET", "/v1/spec/bucketing", Scope::kNone,
             [](const Request&) -> Result<Response> { return Bucketing(); });
}

}  // namespace portolan::controller
