#include "manifests/provider_metric.h"

#include <array>

#include "manifests/fields.h"
#include "manifests/json_pointer.h"
#include "manifests/query_template.h"

// The fields of Argo Rollouts' metrics under their names there, so that a template can be carried
// over; what this version does not do is refused by name. Which server is asked is the
// configuration's: here stands a name.

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kNameBytes{1, 63};
constexpr Range<std::size_t> kQueryBytes{1, 4'096};
constexpr Range<std::size_t> kConditionBytes{1, 4'096};
constexpr Range<std::size_t> kPointerBytes{0, 512};
constexpr Range<double> kAnyNumber{-1e300, 1e300};
constexpr Range<double> kIncreases{0, 100};
constexpr Range<double> kDecreases{0, 1};
constexpr Range<double> kConfidences{0.5, 0.999};
constexpr Range<double> kVarianceRatios{1, 1e6};
constexpr Range<std::int64_t> kCounts{1, 10'000};
constexpr Range<std::int64_t> kLimits{0, 10'000};
constexpr Range<std::int64_t> kFailureLimits{-1, 10'000};
constexpr Duration kIntervalMin = std::chrono::seconds(1);
constexpr Duration kIntervalMax = std::chrono::hours(24);
constexpr Duration kTimeoutMin{100};
// A rollout's step waits for it, and a slot of the provider is taken.
constexpr Duration kTimeoutMax = std::chrono::seconds(60);
constexpr std::int64_t kPointsMax = 11'000;  // of one series, as Prometheus answers at most
constexpr std::array<std::string_view, 2> kMethods = {"GET", "POST"};
constexpr std::array<std::string_view, 5> kAddressFields = {"address", "url", "server", "headers",
                                                            "token"};

struct DurationRange {
  Duration min;
  Duration max;
};

std::optional<Duration> ReadBounded(const Field& field, DurationRange range, Report& report) {
  const auto duration = ReadDuration(field, report);
  if (!duration || (*duration >= range.min && *duration <= range.max)) return duration;
  report.Error(field, "expected a duration from " + FormatDuration(range.min) + " to " +
                          FormatDuration(range.max) + ", found " + Found(*field.node));
  return std::nullopt;
}

// Whether a part of the path is ".." or ".", also with its dots escaped (RFC 3986 section 5.2.4): a
// server that resolves it looks outside the prefix that the daemon's configuration gives a
// provider.
bool HasDotSegment(std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (!path.empty()) {
    path.remove_prefix(1);
    std::string part(path.substr(0, path.find('/')));
    path.remove_prefix(part.size());
    for (const std::string_view dot : {"%2e", "%2E"})
      for (std::size_t at = part.find(dot); at != part.npos; at = part.find(dot))
        part.replace(at, dot.size(), ".");
    if (part == "." || part == "..") return true;
  }
  return false;
}

// Reads one metric. Every part is read even when another is wrong.
class MetricReader {
 public:
  MetricReader(const Field& field, Report& report, const ExpressionCheck& check)
      : decoder_(field, report), report_(report), check_(check) {}

  ProviderMetric Read() {
    SetIf(metric_.name, ReadString(decoder_.Require("name"), kNameBytes, report_));
    const Field prometheus = decoder_.Take("prometheus");
    const Field web = decoder_.Take("web");
    const Field reports = decoder_.Take("reports");
    for (const Field& other : {reports, prometheus ? web : Field{}})
      if (other) report_.Error(other, "expected one provider in a metric, found a second one");
    compare_ = decoder_.Take("compare");
    if (prometheus) {
      ReadPrometheus(prometheus);
    } else {
      ReadWeb(web);
    }
    ReadSchedule();
    ReadCondition();
    decoder_.RefuseForNow({"hardLimits", "dryRun"});
    decoder_.Finish();
    return std::move(metric_);
  }

 private:
  std::optional<std::string> ReadQuery(const Field& field) {
    auto text = ReadString(field, kQueryBytes, report_);
    if (!text) return std::nullopt;
    if (auto problem = CheckPlaceholders(*text))
      report_.Error(field, std::move(problem->message), std::move(problem->hint));
    return text;
  }

  std::string ReadProvider(MappingDecoder& decoder) {
    std::string provider;
    SetIf(provider, ReadString(decoder.Require("provider"), kNameBytes, report_));
    decoder.Refuse(kAddressFields,
                   "addresses and secrets stand in the daemon's configuration "
                   "(docs/configuration.md); name one with \"provider\"");
    return provider;
  }

  // The query that serves both arms, unless the comparison has one for each.
  void ReadOwnQuery(MappingDecoder& decoder, std::string_view name, std::string& target) {
    const bool both = compare_ && compare_.node->Find("stable") != nullptr;
    const Field field = both ? decoder.Take(name) : decoder.Require(name);
    if (both && field) report_.Error(field, "not together with compare.stable and compare.canary");
    const auto query = ReadQuery(field);
    if (!query) return;
    target = *query;
    // Both arms would be asked the same, and never differ.
    if (compare_ && !both && !HasPlaceholder(target, "arm"))
      report_.Error(field,
                    "compare needs a query that differs by arm: expected {{arm}} in it, or "
                    "compare.stable and compare.canary");
  }

  void ReadPrometheus(const Field& field) {
    PrometheusSource source;
    MappingDecoder decoder(field, report_);
    source.provider = ReadProvider(decoder);
    ReadOwnQuery(decoder, "query", source.query);
    if (const Field range = decoder.Take("range")) source.range = ReadRange(range);
    decoder.Finish();
    metric_.source = std::move(source);
  }

  RangeQuery ReadRange(const Field& field) {
    RangeQuery range;
    MappingDecoder decoder(field, report_);
    const DurationRange bounds{kIntervalMin, kIntervalMax};
    const auto window = ReadBounded(decoder.Require("window"), bounds, report_);
    const auto step = ReadBounded(decoder.Require("step"), bounds, report_);
    decoder.Finish();
    if (!window || !step) return range;
    range = {*window, *step};
    if (range.window < range.step || range.window / range.step > kPointsMax)
      report_.Error(field, "expected a window of 1 to " + std::to_string(kPointsMax) +
                               " steps, found " + FormatDuration(range.window) + " in steps of " +
                               FormatDuration(range.step));
    return range;
  }

  void ReadWeb(const Field& field) {
    WebSource source;
    MappingDecoder decoder(field, report_);
    source.provider = ReadProvider(decoder);
    ReadOwnQuery(decoder, "path", source.path);
    CheckPath(field, source.path);
    const Field pointer = decoder.Require("jsonPointer");
    SetIf(source.json_pointer, ReadString(pointer, kPointerBytes, report_));
    if (const auto parsed = ParseJsonPointer(source.json_pointer); !parsed.ok())
      report_.Error(pointer, parsed.error().message);
    if (const auto method = ReadChoice(decoder.Take("method"), kMethods, report_))
      source.method = kMethods[*method];
    const Field body = decoder.Take("body");
    SetIf(source.body, ReadQuery(body));
    if (body && source.method != "POST") report_.Error(body, "only with method: POST");
    decoder.Finish();
    metric_.source = std::move(source);
  }

  void CheckPath(const Field& field, const std::string& path) {
    if (path.empty()) return;
    const bool plain = path.find_first_of(" \t\r\n#\\") == std::string::npos;
    if (path.front() == '/' && !path.starts_with("//") && plain && !HasDotSegment(path)) return;
    report_.Error(field, "expected a path from '/' without spaces, '#', '\\' and \"..\", found " +
                             QuoteForMessage(path));
  }

  void ReadSchedule() {
    const DurationRange intervals{kIntervalMin, kIntervalMax};
    if (auto interval = ReadBounded(decoder_.Take("interval"), intervals, report_))
      metric_.interval = interval;
    SetIf(metric_.initial_delay,
          ReadBounded(decoder_.Take("initialDelay"), {Duration(0), kIntervalMax}, report_));
    const Field count = decoder_.Take("count");
    if (auto value = ReadInteger(count, kCounts, report_)) metric_.count = value;
    if (metric_.count.value_or(1) > 1 && !metric_.interval)
      report_.Error(count, "more than one measurement needs an interval", "add \"interval: 30s\"");
    ReadLimit("failureLimit", kFailureLimits, metric_.failure_limit);
    ReadLimit("inconclusiveLimit", kLimits, metric_.inconclusive_limit);
    const Field errors = decoder_.Take("consecutiveErrorLimit");
    SetIf(metric_.consecutive_error_limit, ReadInteger(errors, kLimits, report_));
    SetIf(metric_.timeout,
          ReadBounded(decoder_.Take("timeout"), {kTimeoutMin, kTimeoutMax}, report_));
  }

  // A limit at or above the count could never be passed.
  void ReadLimit(std::string_view name, Range<std::int64_t> range, std::int64_t& target) {
    const Field field = decoder_.Take(name);
    SetIf(target, ReadInteger(field, range, report_));
    if (field && metric_.count && target >= *metric_.count)
      report_.Error(field, "expected a limit below count, " + std::to_string(*metric_.count) +
                               ": more failures than that cannot be");
  }

  void ReadCondition() {
    const Field min = decoder_.Take("min");
    const Field max = decoder_.Take("max");
    if (auto value = ReadNumber(min, kAnyNumber, report_)) metric_.min = value;
    if (auto value = ReadNumber(max, kAnyNumber, report_)) metric_.max = value;
    if (metric_.min && metric_.max && *metric_.min > *metric_.max)
      report_.Error(max, "expected max not below min");
    if (compare_) metric_.compare = ReadComparison();
    for (const Field& bound : {min, max})
      if (compare_ && bound) report_.Error(bound, "not together with compare");
    const bool others = min || max || compare_;
    const bool expressions = ReadExpression("successCondition", others, metric_.success_condition) |
                             ReadExpression("failureCondition", others, metric_.failure_condition);
    if (!others && !expressions)
      report_.Error(decoder_.field(),
                    "expected a condition: min, max, compare, successCondition or "
                    "failureCondition");
  }

  // Whether there is one. Two ways to judge one number would need a rule for when they differ.
  bool ReadExpression(std::string_view name, bool others, std::string& target) {
    const Field field = decoder_.Take(name);
    if (field && others) report_.Error(field, "not together with min, max or compare");
    if (const auto text = ReadString(field, kConditionBytes, report_)) {
      target = *text;
      if (check_)
        if (const Status checked = check_(metric_, target); !checked.ok())
          report_.Error(field, checked.error().message);
    }
    return static_cast<bool>(field);
  }

  Comparison ReadComparison() {
    Comparison compare;
    MappingDecoder decoder(compare_, report_);
    const Field stable = decoder.Take("stable");
    const Field canary = decoder.Take("canary");
    SetIf(compare.stable, ReadQuery(stable));
    SetIf(compare.canary, ReadQuery(canary));
    const bool web = std::holds_alternative<WebSource>(metric_.source);
    if (web && stable) CheckPath(stable, compare.stable);
    if (web && canary) CheckPath(canary, compare.canary);
    if (static_cast<bool>(stable) != static_cast<bool>(canary))
      report_.Error(stable ? stable : canary, "expected stable and canary together");
    const Field increase = decoder.Take("maxIncrease");
    if (auto value = ReadShare(increase, kIncreases, report_)) compare.max_increase = value;
    const Field variance = decoder.Take("maxVarianceRatio");
    if (auto value = ReadNumber(variance, kVarianceRatios, report_))
      compare.max_variance_ratio = value;
    SetIf(compare.ignore_below, ReadNumber(decoder.Take("ignoreBelow"), {0, 1e300}, report_));
    const Field judge = decoder.Take("judge");
    ReadJudge(judge, decoder, compare);
    if (!increase && !variance && compare.judge == ComparisonJudge::kMean)
      report_.Error(compare_, "expected maxIncrease, maxVarianceRatio or both");
    WantPoints(variance, "a variance");
    if (compare.judge == ComparisonJudge::kMannWhitney) WantPoints(judge, "this judge");
    decoder.Finish();
    return compare;
  }

  void ReadJudge(const Field& judge, MappingDecoder& decoder, Comparison& compare) {
    if (const auto choice = ReadChoice(judge, kComparisonJudgeNames, report_))
      compare.judge = static_cast<ComparisonJudge>(*choice);
    const Field direction = decoder.Take("direction");
    if (const auto choice = ReadChoice(direction, kDirectionNames, report_))
      compare.direction = static_cast<Direction>(*choice);
    const Field confidence = decoder.Take("confidence");
    SetIf(compare.confidence, ReadShare(confidence, kConfidences, report_));
    const Field decrease = decoder.Take("maxDecrease");
    if (auto value = ReadShare(decrease, kDecreases, report_)) compare.max_decrease = value;
    if (compare.judge == ComparisonJudge::kMannWhitney) return;
    for (const Field& field : {direction, confidence, decrease})
      if (field) report_.Error(field, "only with judge: mannWhitney");
  }

  // An instant query gives one point.
  void WantPoints(const Field& field, std::string_view what) {
    const auto* prometheus = std::get_if<PrometheusSource>(&metric_.source);
    if (field && prometheus != nullptr && !prometheus->range)
      report_.Error(field, std::string(what) + " needs several points",
                    "add \"range: {window: 10m, step: 30s}\" to prometheus");
  }

  MappingDecoder decoder_;
  Report& report_;
  const ExpressionCheck& check_;
  ProviderMetric metric_;
  Field compare_;
};

}  // namespace

bool IsProviderMetric(const Field& field) {
  return field.node->kind == Node::Kind::kMapping &&
         (field.node->Find("prometheus") != nullptr || field.node->Find("web") != nullptr);
}

ProviderMetric DecodeProviderMetric(const Field& field, Report& report,
                                    const ExpressionCheck& check) {
  return MetricReader(field, report, check).Read();
}

}  // namespace portolan::manifests
