// What clients say of the versions they were given.
#include <charconv>

#include "controller/api/api.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Report;
using reconciler::ReportItem;

constexpr std::size_t kItemsMax = 1'000;
constexpr std::size_t kKindsMax = 16;
constexpr std::size_t kHashesMax = 1'000;
constexpr std::size_t kSamplesPerItemMax = 5;
constexpr std::size_t kSampleBytesMax = 256;
constexpr std::size_t kInstanceBytesMax = 128;
constexpr std::int64_t kCountMax = 1'000'000'000;

Error Bad(const std::string& field, const std::string& expected) {
  return {ErrorCode::kInvalid, field + ": expected " + expected};
}

Result<std::int64_t> CountAt(const Value& item, const std::string& where, std::string_view field) {
  const Value* found = item.Find(field);
  if (found == nullptr) return std::int64_t{0};
  if (!found->is_int() || found->as_int() < 0 || found->as_int() > kCountMax)
    return Bad(where + "." + std::string(field), "an integer from 0 to 1000000000");
  return found->as_int();
}

Result<std::vector<std::uint64_t>> HashesAt(const Value& events, const std::string& where) {
  std::vector<std::uint64_t> hashes;
  const Value* found = events.Find("subjectHashes");
  if (found == nullptr) return hashes;
  if (!found->is_array() || found->as_array().size() > kHashesMax)
    return Bad(where + ".subjectHashes", "a list of at most 1000 hashes");
  for (const Value& hash : found->as_array()) {
    std::uint64_t number = 0;
    const std::string text = hash.is_string() ? hash.as_string() : "";
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.size() != 16 || error != std::errc() || end != text.data() + text.size())
      return Bad(where + ".subjectHashes",
                 "16 hex digits each (the start of the subject's SHA-256)");
    hashes.push_back(number);
  }
  return hashes;
}

Status ReadBad(const Value& value, const std::string& where, ReportItem& item) {
  const Value* bad = value.Find("bad");
  if (bad == nullptr) return {};
  if (!bad->is_object() || bad->as_object().size() > kKindsMax)
    return Bad(where + ".bad", "an object of at most 16 kinds of bad events");
  for (const auto& [kind, events] : bad->as_object()) {
    const std::string here = where + ".bad." + kind;
    if (!events.is_object()) return Bad(here, "{count, subjectHashes}");
    reconciler::BadEvents& into = item.bad[kind];
    PORTOLAN_TRY(into.count, CountAt(events, here, "count"));
    PORTOLAN_TRY(into.subject_hashes, HashesAt(events, here));
  }
  return {};
}

Status ReadSamples(const Value& value, const std::string& where, ReportItem& item) {
  const Value* samples = value.Find("samples");
  if (samples == nullptr) return {};
  if (!samples->is_array() || samples->as_array().size() > kSamplesPerItemMax)
    return Bad(where + ".samples", "at most 5 texts");
  for (const Value& sample : samples->as_array()) {
    if (!sample.is_string() || sample.as_string().size() > kSampleBytesMax)
      return Bad(where + ".samples", "texts of at most 256 bytes");
    item.samples.push_back(sample.as_string());
  }
  return {};
}

Result<ReportItem> ReadItem(const Value& value, const std::string& where) {
  if (!value.is_object()) return Bad(where, "an object");
  ReportItem item;
  item.map = value.StringOr("map", "");
  if (item.map.empty()) return Bad(where + ".map", "the map's name");
  auto digest = Digest::Parse(value.StringOr("digest", ""));
  if (!digest.ok()) return Bad(where + ".digest", "the digest that the lookup gave");
  item.digest = *digest;
  const std::string_view arm = value.StringOr("arm", "");
  if (arm != "stable" && arm != "canary") return Bad(where + ".arm", "stable or canary");
  item.arm = arm == "canary" ? mapcore::Arm::kCanary : mapcore::Arm::kStable;
  PORTOLAN_TRY(const std::int64_t step, CountAt(value, where, "step"));
  item.step = static_cast<std::uint32_t>(step);
  PORTOLAN_TRY(item.lookups, CountAt(value, where, "lookups"));
  PORTOLAN_TRY(item.subjects, CountAt(value, where, "subjects"));
  PORTOLAN_CHECK(ReadBad(value, where, item));
  PORTOLAN_CHECK(ReadSamples(value, where, item));
  return item;
}

// Refused whole: a report with one bad item counts nothing.
Result<std::vector<Report>> ReadReports(const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  const std::string instance(body.StringOr("instance", ""));
  if (instance.empty() || instance.size() > kInstanceBytesMax)
    return Bad("instance", "the reporter's name, 1 to 128 bytes");
  const std::int64_t batch = body.IntOr("batch", -1);
  if (batch < 0) return Bad("batch", "a number that rises with each report");
  const Value* items = body.Find("items");
  if (items == nullptr || !items->is_array() || items->as_array().size() > kItemsMax)
    return Bad("items", "a list of at most 1000 items");
  std::vector<Report> reports;
  for (std::size_t i = 0; i < items->as_array().size(); ++i) {
    PORTOLAN_TRY(ReportItem item,
                 ReadItem(items->as_array()[i], "items[" + std::to_string(i) + "]"));
    // One batch may hold both arms of a map: each arm of an instance counts its batches by itself.
    std::string reporter = instance + " " + std::string(mapcore::ArmName(item.arm));
    reports.push_back({std::move(reporter), static_cast<std::uint64_t>(batch), std::move(item)});
  }
  return reports;
}

// An item counts when it is of the version and step that run now; what cannot count is said at
// once.
bool Relevant(const Api& api, const ReportItem& item) {
  const auto rollout = api.rollouts.Find(item.map);
  if (rollout == nullptr || !reconciler::InFlight(rollout->phase) ||
      item.step != rollout->progress.step + 1)
    return false;
  const bool canary = item.arm == mapcore::Arm::kCanary;
  if (canary) return rollout->target && item.digest == rollout->target->version.digest;
  return rollout->stable && item.digest == rollout->stable->digest;
}

}  // namespace

void AddReportRoutes(Router& router, Api& api) {
  router.Add(
      "POST", "/v1/reports", Scope::kReport, [&api](const Request& request) -> Result<Response> {
        PORTOLAN_TRY(std::vector<Report> reports, ReadReports(request));
        const std::size_t given = reports.size();
        std::erase_if(reports, [&](const Report& report) { return !Relevant(api, report.item); });
        Value answer;
        answer.Set("accepted", static_cast<std::int64_t>(reports.size()));
        answer.Set("ignored", static_cast<std::int64_t>(given - reports.size()));
        if (!reports.empty()) api.rollouts.Report(std::move(reports));
        return JsonResponse(answer, 202);
      });
}

}  // namespace portolan::controller
