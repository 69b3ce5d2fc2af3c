// What clients say of the versions they were given.
#include <charconv>

#include "controller/api/api.h"
#include "controller/api/report_head.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::Report;
using reconciler::ReportItem;

constexpr std::size_t kKindsMax = 16;
constexpr std::size_t kHashesMax = 1'000;
constexpr std::size_t kSamplesPerItemMax = 5;
constexpr std::size_t kSampleBytesMax = 256;
constexpr std::int64_t kCountMax = 1'000'000'000;

Result<std::int64_t> CountAt(const Value& item, const std::string& where, std::string_view field) {
  const Value* found = item.Find(field);
  if (found == nullptr) return std::int64_t{0};
  if (!found->is_int() || found->as_int() < 0 || found->as_int() > kCountMax)
    return BadField(where + "." + std::string(field), "an integer from 0 to 1000000000");
  return found->as_int();
}

Result<std::vector<std::uint64_t>> HashesAt(const Value& events, const std::string& where) {
  std::vector<std::uint64_t> hashes;
  const Value* found = events.Find("subjectHashes");
  if (found == nullptr) return hashes;
  if (!found->is_array() || found->as_array().size() > kHashesMax)
    return BadField(where + ".subjectHashes", "a list of at most 1000 hashes");
  for (const Value& hash : found->as_array()) {
    std::uint64_t number = 0;
    const std::string text = hash.is_string() ? hash.as_string() : "";
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.size() != 16 || error != std::errc() || end != text.data() + text.size())
      return BadField(where + ".subjectHashes",
                      "16 hex digits each (the start of the subject's SHA-256)");
    hashes.push_back(number);
  }
  return hashes;
}

Status ReadBad(const Value& value, const std::string& where, ReportItem& item) {
  const Value* bad = value.Find("bad");
  if (bad == nullptr) return {};
  if (!bad->is_object() || bad->as_object().size() > kKindsMax)
    return BadField(where + ".bad", "an object of at most 16 kinds of bad events");
  for (const auto& [kind, events] : bad->as_object()) {
    const std::string here = where + ".bad." + kind;
    if (!events.is_object()) return BadField(here, "{count, subjectHashes}");
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
    return BadField(where + ".samples", "at most 5 samples");
  for (const Value& sample : samples->as_array()) {
    const Value* text = sample.is_object() ? sample.Find("text") : &sample;
    std::string key(sample.StringOr("key", ""));
    if (text == nullptr || !text->is_string() || text->as_string().size() > kSampleBytesMax ||
        key.size() > mapcore::kKeyBytesMax)
      return BadField(where + ".samples",
                      "texts of at most 256 bytes, each alone or as {key, text}");
    item.samples.push_back({std::move(key), text->as_string()});
  }
  return {};
}

// A plain count, or {"hll": SKETCH}.
Status ReadSubjects(const Value& value, const std::string& where, ReportItem& item) {
  const Value* found = value.Find("subjects");
  if (found == nullptr || !found->is_object()) {
    PORTOLAN_TRY(item.subjects, CountAt(value, where, "subjects"));
    return {};
  }
  const Value* text = found->Find("hll");
  if (text == nullptr || !text->is_string())
    return BadField(where + ".subjects", "a count, or {\"hll\": SKETCH}");
  auto sketch = reconciler::SubjectSketch::FromBase64(text->as_string());
  if (!sketch.ok())
    return Error{ErrorCode::kInvalid, where + ".subjects.hll: " + sketch.error().message};
  item.sketch = std::move(sketch).value();
  return {};
}

Result<ReportItem> ReadReportItem(const Value& value, const std::string& where) {
  if (!value.is_object()) return BadField(where, "an object");
  ReportItem item;
  if (value.StringOr("map", "").empty()) return BadField(where + ".map", "the map's name");
  auto digest = Digest::Parse(value.StringOr("digest", ""));
  if (!digest.ok()) return BadField(where + ".digest", "the digest that the lookup gave");
  item.digest = *digest;
  const std::string_view arm = value.StringOr("arm", "");
  if (arm != "stable" && arm != "canary") return BadField(where + ".arm", "stable or canary");
  item.arm = arm == "canary" ? mapcore::Arm::kCanary : mapcore::Arm::kStable;
  PORTOLAN_TRY(const std::int64_t step, CountAt(value, where, "step"));
  item.step = static_cast<std::uint32_t>(step);
  PORTOLAN_TRY(item.lookups, CountAt(value, where, "lookups"));
  PORTOLAN_CHECK(ReadSubjects(value, where, item));
  item.matched = value.BoolOr("matched", false);
  PORTOLAN_CHECK(ReadBad(value, where, item));
  PORTOLAN_CHECK(ReadSamples(value, where, item));
  return item;
}

// An item counts when it is of the version and step that run now; what cannot count is said at
// once.
bool Relevant(const Api& api, const std::string& map, const ReportItem& item) {
  const auto rollout = api.rollouts.Find(map);
  if (rollout == nullptr || !reconciler::ServesCanary(rollout->phase) ||
      item.step != rollout->progress.step + 1)
    return false;
  const bool canary = item.arm == mapcore::Arm::kCanary;
  if (canary) return rollout->target && item.digest == rollout->target->version.digest;
  return rollout->stable && item.digest == rollout->stable->digest;
}

struct ReadReport {
  std::vector<Report> by_map;
  std::int64_t accepted = 0;  // items
  std::int64_t ignored = 0;
};

// One batch may hold several maps and both arms of each: a map gets what is its own, in one piece.
// Refused whole: a report with one bad item counts nothing.
Result<ReadReport> ReadReportBody(const Api& api, const Request& request) {
  PORTOLAN_TRY(const Value body, BodyObject(request));
  PORTOLAN_TRY(const ReportHead head, ReadReportHead(body));
  ReadReport read;
  std::map<std::string, Report> by_map;
  for (std::size_t i = 0; i < head.items->size(); ++i) {
    const Value& value = (*head.items)[i];
    PORTOLAN_TRY(ReportItem item, ReadReportItem(value, "items[" + std::to_string(i) + "]"));
    const std::string map(value.StringOr("map", ""));
    if (!Relevant(api, map, item)) {
      ++read.ignored;
      continue;
    }
    ++read.accepted;
    Report& report = by_map[map];
    report.instance = head.instance;
    report.batch = head.batch;
    report.map = map;
    report.items.push_back(std::move(item));
  }
  for (auto& [map, report] : by_map) read.by_map.push_back(std::move(report));
  return read;
}

}  // namespace

void AddReportRoutes(Router& router, Api& api) {
  router.Add("POST", "/v1/reports", Scope::kReport,
             [&api](const Request& request) -> Result<Response> {
               PORTOLAN_TRY(ReadReport read, ReadReportBody(api, request));
               Value answer;
               answer.Set("accepted", read.accepted);
               answer.Set("ignored", read.ignored);
               if (!read.by_map.empty() && !api.rollouts.Report(std::move(read.by_map)))
                 return TooMuchWaits("reports");
               return JsonResponse(answer, 202);
             });
}

}  // namespace portolan::controller
