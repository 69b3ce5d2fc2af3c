#include "controller/api/report_head.h"

#include "controller/http/problem.h"

namespace portolan::controller {
namespace {

constexpr std::size_t kItemsMax = 1'000;
constexpr std::size_t kInstanceBytesMax = 128;
// The control loop takes up what waits in far less than that.
constexpr std::string_view kRetryAfterSeconds = "1";

}  // namespace

Response TooMuchWaits(std::string_view what) {
  Response response =
      ProblemResponse(429, "too_much_waits",
                      "more " + std::string(what) +
                          " wait than the daemon keeps, and nothing of this batch was taken: send "
                          "the same batch again after the seconds of Retry-After");
  response.SetHeader("Retry-After", std::string(kRetryAfterSeconds));
  return response;
}

Error BadField(const std::string& field, const std::string& expected) {
  return {ErrorCode::kInvalid, field + ": expected " + expected};
}

Result<ReportHead> ReadReportHead(const manifests::Value& body) {
  ReportHead head;
  head.instance = body.StringOr("instance", "");
  if (head.instance.empty() || head.instance.size() > kInstanceBytesMax)
    return BadField("instance", "the reporter's name, 1 to 128 bytes");
  const std::int64_t batch = body.IntOr("batch", -1);
  if (batch < 0) return BadField("batch", "a number that rises with each report");
  head.batch = static_cast<std::uint64_t>(batch);
  const manifests::Value* items = body.Find("items");
  if (items == nullptr || !items->is_array() || items->as_array().size() > kItemsMax)
    return BadField("items", "a list of at most 1000 items");
  head.items = &items->as_array();
  return head;
}

}  // namespace portolan::controller
