// What clients compute on both versions of a map that is in its dual run.
#include <limits>

#include "controller/api/api.h"
#include "controller/api/report_head.h"
#include "reconciler/analysis/agreement.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::OutputItem;
using reconciler::OutputReport;
using reconciler::Rollout;

constexpr std::size_t kSubjectBytesMax = 512;
constexpr std::size_t kErrorBytesMax = 256;

// One item as it was sent.
struct Posted {
  std::string map;
  Digest digest;
  std::string_view key;
  std::string_view subject;
  const Value* stable = nullptr;
  const Value* canary = nullptr;  // null: it failed
  std::string_view error;
};

Result<std::string_view> TextAt(const Value& value, const std::string& where,
                                std::string_view field, std::size_t bytes_max) {
  const std::string_view text = value.StringOr(field, "");
  if (text.empty() || text.size() > bytes_max)
    return BadField(where + "." + std::string(field),
                    "a text of 1 to " + std::to_string(bytes_max) + " bytes");
  return text;
}

Result<Posted> ReadPosted(const Value& value, const std::string& where) {
  if (!value.is_object()) return BadField(where, "an object");
  Posted posted;
  posted.map = value.StringOr("map", "");
  if (posted.map.empty()) return BadField(where + ".map", "the map's name");
  const auto digest = Digest::Parse(value.StringOr("digest", ""));
  if (!digest.ok()) return BadField(where + ".digest", "the digest of the new version");
  posted.digest = *digest;
  PORTOLAN_TRY(posted.key, TextAt(value, where, "key", mapcore::kKeyBytesMax));
  PORTOLAN_TRY(posted.subject, TextAt(value, where, "subject", kSubjectBytesMax));
  posted.stable = value.Find("stable");
  posted.canary = value.Find("canary");
  const bool failed = value.Find("error") != nullptr;
  if (failed) {
    PORTOLAN_TRY(posted.error, TextAt(value, where, "error", kErrorBytesMax));
  }
  if (posted.stable == nullptr || (posted.canary != nullptr) == failed)
    return BadField(where,
                    "the output of each version in stable and canary, or an error in place "
                    "of canary");
  return posted;
}

// The rollout whose dual run the item is for; null when there is none.
std::shared_ptr<const Rollout> DualRunOf(const Api& api, const Posted& posted) {
  auto rollout = api.rollouts.Find(posted.map);
  const bool counts = rollout != nullptr && rollout->phase == reconciler::Phase::kShadow &&
                      rollout->target->version.digest == posted.digest;
  return counts ? rollout : nullptr;
}

bool PlanChanges(const Api& api, const Posted& posted) {
  mapcore::ReadGuard guard;
  const mapcore::LiveState* state = api.catalog.Find(guard, posted.map);
  return state != nullptr && state->stable != nullptr && state->canary != nullptr &&
         state->stable->Find(posted.key) != state->canary->Find(posted.key);
}

// Compared here, on the request's thread: the control loop counts, and never sees a large output.
// The subject is kept as its hash only.
OutputItem Compare(const Api& api, const Rollout& rollout, const Posted& posted) {
  const auto text = [](const Value& output) {
    return reconciler::Cut(reconciler::Printable(WriteJson(output)),
                           reconciler::kShadowExampleCells);
  };
  OutputItem item;
  item.key = posted.key;
  item.subject = reconciler::SubjectHash(posted.subject);
  item.planned = PlanChanges(api, posted);
  item.failed = posted.canary == nullptr;
  if (item.failed) {
    item.distance = std::numeric_limits<double>::infinity();
    item.stable = text(*posted.stable);
    item.canary = "error: " + reconciler::Printable(posted.error);
    return item;
  }
  const auto agreement = reconciler::CompareOutputs(*posted.stable, *posted.canary,
                                                    rollout.target->strategy.shadow->tolerance);
  item.agrees = agreement.agrees;
  item.distance = agreement.distance;
  if (item.agrees) return item;
  item.stable = text(*posted.stable);
  item.canary = text(*posted.canary);
  return item;
}

struct ReadOutputs {
  std::map<std::string, OutputReport> by_map;
  std::int64_t accepted = 0;  // items
  std::int64_t disagreeing = 0;
  std::int64_t ignored = 0;
};

// Refused whole: a report with one bad item counts nothing.
Result<ReadOutputs> ReadOutputsBody(const Api& api, const Value& body) {
  PORTOLAN_TRY(const ReportHead head, ReadReportHead(body));
  std::vector<Posted> all;
  for (std::size_t i = 0; i < head.items->size(); ++i) {
    PORTOLAN_TRY(Posted posted, ReadPosted((*head.items)[i], "items[" + std::to_string(i) + "]"));
    all.push_back(std::move(posted));
  }
  ReadOutputs read;
  for (const Posted& posted : all) {
    const auto rollout = DualRunOf(api, posted);
    if (rollout == nullptr) {
      ++read.ignored;
      continue;
    }
    OutputItem item = Compare(api, *rollout, posted);
    ++read.accepted;
    read.disagreeing += !item.agrees;
    OutputReport& report = read.by_map[posted.map];
    report.instance = head.instance;
    report.batch = head.batch;
    report.map = posted.map;
    report.digest = posted.digest;
    report.items.push_back(std::move(item));
  }
  return read;
}

Result<Response> TakeOutputs(Api& api, const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(ReadOutputs read, ReadOutputsBody(api, body));
  Value answer;
  answer.Set("accepted", read.accepted);
  answer.Set("disagreeing", read.disagreeing);
  answer.Set("ignored", read.ignored);
  std::vector<OutputReport> reports;
  for (auto& [map, report] : read.by_map) reports.push_back(std::move(report));
  if (!reports.empty() && !api.rollouts.Compared(std::move(reports)))
    return TooMuchWaits("outputs");
  return JsonResponse(answer, 202);
}

}  // namespace

void AddShadowRoutes(Router& router, Api& api) {
  router.Add("POST", "/v1/shadow", Scope::kReport,
             [&api](const Request& request) { return TakeOutputs(api, request); });
}

}  // namespace portolan::controller
