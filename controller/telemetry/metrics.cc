#include "controller/telemetry/metrics.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <type_traits>

#include "controller/telemetry/exposition.h"

// Prometheus' client model without a dependency: families of series by label values. A family has
// a limit of series, for label values that come from outside would otherwise grow memory and every
// scrape without end; what is beyond it counts in one series, so that sums stay right.

namespace portolan::controller {
namespace {

template <typename T>
constexpr std::string_view TypeName() {
  if constexpr (std::is_same_v<T, Counter>) return "counter";
  if constexpr (std::is_same_v<T, Gauge>) return "gauge";
  return "histogram";
}

template <typename T>
void AppendSeries(const MetricSpec& spec, const std::vector<std::string>& values, const T& metric,
                  std::string& out) {
  AppendSample({spec.name, "", spec.labels, values, ""}, metric.value(), out);
}

template <>
void AppendSeries(const MetricSpec& spec, const std::vector<std::string>& values,
                  const Histogram& metric, std::string& out) {
  const std::vector<std::uint64_t> counts = metric.Cumulative();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool last = i == metric.bounds().size();
    const std::string le = last ? "+Inf" : NumberText(metric.bounds()[i]);
    AppendSample({spec.name, "_bucket", spec.labels, values, le}, static_cast<double>(counts[i]),
                 out);
  }
  AppendSample({spec.name, "_sum", spec.labels, values, ""}, metric.sum(), out);
  AppendSample({spec.name, "_count", spec.labels, values, ""}, static_cast<double>(counts.back()),
               out);
}

[[maybe_unused]] bool IsValid(const MetricSpec& spec) {
  return IsMetricName(spec.name) && !spec.help.empty() && spec.series_max > 0 &&
         std::all_of(spec.labels.begin(), spec.labels.end(), IsLabelName);
}

}  // namespace

Histogram::Histogram(const std::vector<double>& bounds)
    : bounds_(bounds), counts_(bounds.size() + 1) {
  assert(std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end());
}

// Relaxed: each number is right by itself, and a scrape is a moment later anyway.
void Histogram::Observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::Cumulative() const {
  std::vector<std::uint64_t> counts;
  std::uint64_t total = 0;
  for (const auto& count : counts_) {
    total += count.load(std::memory_order_relaxed);
    counts.push_back(total);
  }
  return counts;
}

template <>
Family<Histogram>::Series::Series(const std::vector<double>& bounds) : metric(bounds) {}
template <typename T>
Family<T>::Series::Series(const std::vector<double>&) {}

template <typename T>
Family<T>::Family(MetricSpec spec, std::vector<double> bounds)
    : MetricFamily(std::move(spec)), bounds_(std::move(bounds)) {
  if (spec_.labels.empty()) With();
}

template <typename T>
T* Family<T>::FindSeries(const std::vector<std::string>& key) {
  const auto found = series_.find(key);
  if (found == series_.end()) return nullptr;
  found->second->hidden.store(false, std::memory_order_relaxed);
  return &found->second->metric;
}

// Shared first: a series exists at nearly every use. Under the exclusive lock it is looked for
// once more, since another thread may have made it between the two.
template <typename T>
T& Family<T>::With(LabelValues values) {
  assert(values.size() == spec_.labels.size());
  std::vector<std::string> key(values.begin(), values.end());
  {
    const std::shared_lock lock(mutex_);
    if (T* metric = FindSeries(key)) return *metric;
  }
  const std::unique_lock lock(mutex_);
  if (series_.size() >= spec_.series_max && series_.count(key) == 0)
    key.assign(key.size(), std::string(kOverflowLabel));
  if (T* metric = FindSeries(key)) return *metric;
  return series_.emplace(std::move(key), std::make_unique<Series>(bounds_)).first->second->metric;
}

template <typename T>
void Family<T>::Hide(LabelValues values) {
  const std::shared_lock lock(mutex_);
  const auto found = series_.find(std::vector<std::string>(values.begin(), values.end()));
  if (found != series_.end()) found->second->hidden.store(true, std::memory_order_relaxed);
}

template <typename T>
void Family<T>::Render(std::string& out) const {
  AppendHeader(spec_, TypeName<T>(), out);
  const std::shared_lock lock(mutex_);
  for (const auto& [values, series] : series_) {
    if (!series->hidden.load(std::memory_order_relaxed))
      AppendSeries(spec_, values, series->metric, out);
  }
}

// The three kinds that there are; the header has no bodies.
template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

template <typename T>
Family<T>& MetricRegistry::Add(MetricSpec spec, std::vector<double> bounds) {
  assert(IsValid(spec));
  const std::lock_guard lock(mutex_);
  const std::string name = spec.name;
  auto family = std::make_unique<Family<T>>(std::move(spec), std::move(bounds));
  Family<T>& reference = *family;
  [[maybe_unused]] const bool added = families_.emplace(name, std::move(family)).second;
  assert(added);
  return reference;
}

Family<Counter>& MetricRegistry::AddCounter(MetricSpec spec) {
  return Add<Counter>(std::move(spec), {});
}
Family<Gauge>& MetricRegistry::AddGauge(MetricSpec spec) {
  return Add<Gauge>(std::move(spec), {});
}
Family<Histogram>& MetricRegistry::AddHistogram(MetricSpec spec, std::vector<double> bounds) {
  return Add<Histogram>(std::move(spec), std::move(bounds));
}

std::string MetricRegistry::Render() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) family->Render(out);
  return out;
}

const std::vector<double>& DurationBounds() {
  static const std::vector<double> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                              0.5,   1,      2.5,   5,    10,    30,   60};
  return kBounds;
}

}  // namespace portolan::controller
