#include "reconciler/analysis/metric_run_record.h"

#include <array>

#include "manifests/record.h"

// Counts survive a restart, so that a failure before it still counts; the moments are kept as
// their running sums (Welford), which go on exactly where they were.

namespace portolan::reconciler {
namespace {

using manifests::RecordReader;
using manifests::Value;

constexpr std::array<std::string_view, 4> kOutcomes = {"Successful", "Failed", "Inconclusive",
                                                       "Error"};

Value MomentsToValue(const RunningMoments& moments) {
  return Value::Object{
      {"count", moments.count}, {"mean", moments.mean}, {"squares", moments.squares}};
}

Value TakenToValue(const TakenMeasurement& taken) {
  Value::Object object{{"outcome", MeasurementOutcomeName(taken.outcome)},
                       {"message", taken.message},
                       {"at", FormatTime(taken.at)}};
  if (taken.canary) object.emplace_back("canary", *taken.canary);
  if (taken.stable) object.emplace_back("stable", *taken.stable);
  return object;
}

// `since` and `asked` are left out: monotonic times mean nothing after a restart, when the next
// measurement is due anew.
Value RunToValue(const MetricKey& key, const MetricRun& run) {
  Value::Array last;
  for (const TakenMeasurement& taken : run.last) last.push_back(TakenToValue(taken));
  return Value::Object{{"background", key.background},
                       {"analysis", key.analysis},
                       {"metric", key.metric},
                       {"successful", run.successful},
                       {"failed", run.failed},
                       {"inconclusive", run.inconclusive},
                       {"errors", run.errors},
                       {"errorsInARow", run.errors_in_a_row},
                       {"canary", MomentsToValue(run.canary)},
                       {"stable", MomentsToValue(run.stable)},
                       {"last", std::move(last)},
                       {"asks", static_cast<std::int64_t>(run.asks)}};
}

Status ReadMoments(const Value& record, std::string_view key, RunningMoments& moments) {
  const Value* value = record.Find(key);
  if (value == nullptr) return {};
  RecordReader reader(*value, "metric's moments");
  reader.Read("count", moments.count);
  reader.Read("mean", moments.mean);
  reader.Read("squares", moments.squares);
  if (moments.count < 0) reader.Fail("count");
  return reader.status();
}

Result<TakenMeasurement> TakenFromValue(const Value& value) {
  TakenMeasurement taken;
  RecordReader reader(value, "measurement");
  reader.ReadEnum("outcome", kOutcomes, taken.outcome);
  reader.Read("message", taken.message);
  for (const auto& [key, target] :
       {std::pair{"canary", &taken.canary}, {"stable", &taken.stable}}) {
    if (value.Find(key) == nullptr) continue;
    reader.Read(key, target->emplace());
  }
  std::string at;
  reader.Read("at", at);
  const auto time = ParseTime(at);
  if (!time.ok()) reader.Fail("at");
  PORTOLAN_CHECK(reader.status());
  taken.at = *time;
  return taken;
}

Result<MetricRun> RunFromValue(const Value& value) {
  MetricRun run;
  RecordReader reader(value, "metric's run");
  const std::array<std::pair<std::string_view, std::int64_t*>, 5> counts = {
      {{"successful", &run.successful},
       {"failed", &run.failed},
       {"inconclusive", &run.inconclusive},
       {"errors", &run.errors},
       {"errorsInARow", &run.errors_in_a_row}}};
  for (const auto& [key, count] : counts) {
    reader.Read(key, *count);
    if (*count < 0) reader.Fail(key);
  }
  std::int64_t asks = 0;
  reader.Read("asks", asks);
  if (asks < 0) reader.Fail("asks");
  run.asks = static_cast<std::uint64_t>(asks);
  PORTOLAN_CHECK(reader.status());
  PORTOLAN_CHECK(ReadMoments(value, "canary", run.canary));
  PORTOLAN_CHECK(ReadMoments(value, "stable", run.stable));
  for (const Value& item : reader.Items("last")) {
    PORTOLAN_TRY(auto taken, TakenFromValue(item));
    run.last.push_back(std::move(taken));
  }
  if (run.last.size() > kTakenKept) reader.Fail("last");
  PORTOLAN_CHECK(reader.status());
  return run;
}

}  // namespace

Value MetricRunsToValue(const MetricRuns& runs) {
  Value::Array items;
  for (const auto& [key, run] : runs) items.push_back(RunToValue(key, run));
  return items;
}

Result<MetricRuns> MetricRunsFromValue(const Value& value) {
  MetricRuns runs;
  if (!value.is_array())
    return Error{ErrorCode::kCorrupt, "the record of metrics' runs is no array"};
  for (const Value& item : value.as_array()) {
    MetricKey key;
    RecordReader reader(item, "metric's run");
    key.background = item.BoolOr("background", false);
    reader.Read("analysis", key.analysis);
    reader.Read("metric", key.metric);
    PORTOLAN_CHECK(reader.status());
    PORTOLAN_TRY(auto run, RunFromValue(item));
    runs.insert_or_assign(std::move(key), std::move(run));
  }
  return runs;
}

}  // namespace portolan::reconciler
