#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/value.h"
#include "mapcore/base/clock.h"

namespace portolan::manifests {

// Typed readers of single fields. An absent field gives nothing; a wrong one gives nothing and is
// reported with what was expected and found.

template <typename T>
struct Range {
  T min;
  T max;
};

std::optional<bool> ReadBool(const Field& field, Report& report);
std::optional<std::int64_t> ReadInteger(const Field& field, Range<std::int64_t> range,
                                        Report& report);
// An integer or a number with a fraction.
std::optional<double> ReadNumber(const Field& field, Range<double> range, Report& report);
// A string of at least `bytes.min` and at most `bytes.max` bytes.
std::optional<std::string> ReadString(const Field& field, Range<std::size_t> bytes, Report& report);
// A list of strings, each as ReadString takes them.
std::optional<std::vector<std::string>> ReadStrings(const Field& field, Range<std::size_t> bytes,
                                                    Report& report);
// "10m", "1h30m", "7d".
std::optional<Duration> ReadDuration(const Field& field, Report& report);
// A weight in 100,000ths: `5%` and 5 are 5,000; at most three decimals; above 0 and at most 100 %.
std::optional<std::uint32_t> ReadWeight(const Field& field, Report& report);
// A ratio from 0 to 1: `1%` and 0.01 are the same.
std::optional<double> ReadRatio(const Field& field, Report& report);
// A share that may be above 1: `150%` and 1.5 are the same.
std::optional<double> ReadShare(const Field& field, Range<double> range, Report& report);
// Any value, typed. Scalars without a type are reported one by one.
std::optional<Value> ReadValue(const Field& field, Report& report);
// A mapping from names to strings, as labels are. In the order of the text.
std::vector<std::pair<std::string, std::string>> ReadStringMap(const Field& field,
                                                               Range<std::size_t> bytes,
                                                               Report& report);

// `1, 2 or 3` of names in quotes, for messages.
std::string OneOf(std::span<const std::string_view> names);
// The position in `names` of the field's text.
std::optional<std::size_t> ReadChoice(const Field& field, std::span<const std::string_view> names,
                                      Report& report);

// Keeps `target` when there is nothing to set.
template <typename T, typename U>
void SetIf(T& target, std::optional<U> value) {
  if (value) target = *std::move(value);
}

}  // namespace portolan::manifests
