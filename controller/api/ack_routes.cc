// What instances acknowledge, and who they are.
#include "controller/api/api.h"
#include "controller/api/report_head.h"
#include "reconciler/status.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Ack;
using reconciler::AckStatus;

constexpr std::size_t kItemsMax = 1'000;
constexpr std::size_t kInstanceBytesMax = 128;

Result<Duration> LeaseOf(const Value& body) {
  const Value* seconds = body.Find("lease");
  if (seconds == nullptr) return reconciler::kLeaseDefault;
  const Duration lease = seconds->is_int() && seconds->as_int() <= 3'600
                             ? std::chrono::seconds(seconds->as_int())
                             : Duration(0);
  if (lease < reconciler::kLeaseMin || lease > reconciler::kLeaseMax)
    return BadField("lease", "whole seconds from 1 to 3600");
  return lease;
}

// What every acknowledgement of a request begins with.
Result<Ack> HeadOf(const Value& body) {
  Ack head;
  head.instance = body.StringOr("instance", "");
  if (head.instance.empty() || head.instance.size() > kInstanceBytesMax)
    return BadField("instance", "the instance's name, 1 to 128 bytes");
  PORTOLAN_TRY(head.lease, LeaseOf(body));
  if (body.BoolOr("goodbye", false)) head.status = AckStatus::kGoodbye;
  return head;
}

Result<Ack> ReadItem(const Value& value, const Ack& head, const std::string& where) {
  if (!value.is_object()) return BadField(where, "an object");
  Ack ack = head;
  ack.map = value.StringOr("map", "");
  if (ack.map.empty()) return BadField(where + ".map", "the map's name");
  if (head.status == AckStatus::kGoodbye) return ack;
  const auto status = reconciler::ParseAckStatus(value.StringOr("status", ""));
  if (!status || *status == AckStatus::kGoodbye)
    return BadField(where + ".status", "applied, rejected, crashed or alive");
  ack.status = *status;
  if (ack.status == AckStatus::kAlive) return ack;
  const auto digest = Digest::Parse(value.StringOr("digest", ""));
  if (!digest.ok()) return BadField(where + ".digest", "the digest that the lookup gave");
  ack.digest = *digest;
  ack.reason = value.StringOr("reason", "");
  if (ack.reason.size() > kReasonBytesMax) return BadField(where + ".reason", "at most 1000 bytes");
  return ack;
}

struct ReadAcks {
  std::vector<Ack> acks;
  std::int64_t accepted = 0;  // items
  std::int64_t ignored = 0;   // of maps that nobody knows
};

// Refused whole: a request with one bad item counts nothing. Without items it renews the leases of
// the instance in all maps, or says goodbye to them.
Result<ReadAcks> ReadBody(const Api& api, const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(const Ack head, HeadOf(body));
  ReadAcks read;
  const Value* items = body.Find("items");
  if (items == nullptr || (items->is_array() && items->as_array().empty())) {
    read.acks.push_back(head);
    return read;
  }
  if (!items->is_array() || items->as_array().size() > kItemsMax)
    return BadField("items", "a list of at most 1000 items");
  for (std::size_t i = 0; i < items->as_array().size(); ++i) {
    PORTOLAN_TRY(Ack ack, ReadItem(items->as_array()[i], head, "items[" + std::to_string(i) + "]"));
    if (api.rollouts.Find(ack.map) == nullptr) {
      ++read.ignored;
      continue;
    }
    ++read.accepted;
    read.acks.push_back(std::move(ack));
  }
  return read;
}

Result<Response> TakeAcks(Api& api, const Request& request) {
  PORTOLAN_TRY(ReadAcks read, ReadBody(api, request));
  Value answer;
  answer.Set("accepted", read.accepted);
  answer.Set("ignored", read.ignored);
  if (!read.acks.empty() && !api.rollouts.Acknowledge(std::move(read.acks)))
    return TooMuchWaits("acknowledgements");
  return JsonResponse(answer, 202);
}

Result<Response> Instances(const Api& api, const Request& request) {
  const std::string_view wanted = request.QueryOr("map", "");
  if (!wanted.empty() && api.rollouts.Find(wanted) == nullptr)
    return Error{ErrorCode::kNotFound,
                 "no map \"" + std::string(wanted) + "\"; see: portolan status"};
  const Duration now = api.clock.now().mono;
  Value::Array instances;
  for (const auto& rollout : api.rollouts.All()) {
    if (!wanted.empty() && rollout->map != wanted) continue;
    const Value of_map = reconciler::InstancesToValue(*rollout, now);
    instances.insert(instances.end(), of_map.as_array().begin(), of_map.as_array().end());
  }
  return JsonResponse(Value::Object{{"instances", std::move(instances)}});
}

}  // namespace

void AddAckRoutes(Router& router, Api& api) {
  router.Add("POST", "/v1/acks", Scope::kReport,
             [&api](const Request& request) { return TakeAcks(api, request); });
  router.Add("GET", "/v1/instances", Scope::kRead,
             [&api](const Request& request) { return Instances(api, request); });
}

}  // namespace portolan::controller
