#pragma once

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::controller {

constexpr std::size_t kSeriesMax = 2'000;
// The value of every label of the series that stands for all those above a family's limit.
constexpr std::string_view kOverflowLabel = "_other";

// A value that only grows, from 0. Thread-safe, lock-free.
class Counter {
 public:
  // `amount` must not be negative.
  void Add(double amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// A value that goes up and down. Thread-safe, lock-free.
class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Observations counted by upper bound. Thread-safe, lock-free; a rendering during an Observe may
// show one of the two of count and sum without the other.
class Histogram {
 public:
  // `bounds` rise strictly; the bucket above the last is implied.
  explicit Histogram(const std::vector<double>& bounds);
  // O(bounds).
  void Observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  // Observations up to each bound, cumulative, and last of all: bounds().size() + 1 numbers.
  std::vector<std::uint64_t> Cumulative() const;

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;  // one bucket each, not cumulative
  std::atomic<double> sum_{0};
};

// What a metric is called and what it counts. `labels` names the labels; their values come with
// each use and must be few: never a key of a map, a subject or anything a client chooses.
struct MetricSpec {
  std::string name;
  std::string help;
  std::vector<std::string> labels;
  std::size_t series_max = kSeriesMax;
};

using LabelValues = std::initializer_list<std::string_view>;

// The part of a family that does not depend on what it measures.
class MetricFamily {
 public:
  virtual ~MetricFamily() = default;
  virtual void Render(std::string& out) const = 0;
  const MetricSpec& spec() const { return spec_; }

 protected:
  explicit MetricFamily(MetricSpec spec) : spec_(std::move(spec)) {}
  const MetricSpec spec_;
};

// All series of one metric. Thread-safe. `T` is Counter, Gauge or Histogram.
template <typename T>
class Family final : public MetricFamily {
 public:
  Family(MetricSpec spec, std::vector<double> bounds);

  // The series with these label values, created at its first use; valid as long as the family.
  // Above series_max, all further ones are one series whose labels are kOverflowLabel. One shared
  // lock and O(log series): keep the reference where it matters. The number of values must be that
  // of the labels.
  T& With(LabelValues values = {});
  // Leaves the series out of the exposition until it is used again, for a map or source that is
  // gone. It still counts towards series_max.
  void Hide(LabelValues values);
  void Render(std::string& out) const override;

 private:
  struct Series {
    explicit Series(const std::vector<double>& bounds);
    T metric;
    std::atomic<bool> hidden{false};
  };
  T* FindSeries(const std::vector<std::string>& key);

  const std::vector<double> bounds_;
  mutable std::shared_mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Series>> series_;  // guarded by mutex_
};

// The process's metrics and their exposition. Families live as long as the registry. Thread-safe.
class MetricRegistry {
 public:
  // The name must be new and valid, as must be the labels (programmer errors otherwise).
  Family<Counter>& AddCounter(MetricSpec spec);
  Family<Gauge>& AddGauge(MetricSpec spec);
  Family<Histogram>& AddHistogram(MetricSpec spec, std::vector<double> bounds);

  // All families by name, in the Prometheus text format 0.0.4; serve it as kExpositionType.
  // (https://prometheus.io/docs/instrumenting/exposition_formats/)
  std::string Render() const;

 private:
  template <typename T>
  Family<T>& Add(MetricSpec spec, std::vector<double> bounds);

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<MetricFamily>> families_;  // guarded by mutex_
};

constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";
// Seconds, from 1 ms to 1 min: what requests, fetches and reconciles take.
const std::vector<double>& DurationBounds();

}  // namespace portolan::controller
