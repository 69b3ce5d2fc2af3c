#include "manifests/fields.h"

#include <charconv>
#include <cmath>

#include "manifests/scalar.h"
#include "mapcore/base/did_you_mean.h"
#include "mapcore/traffic_split.h"

// One reader per type of a field, so that the same mistake has the same message everywhere: what
// was expected, with its range and an example, and what was found. YAML's own typing is used where
// a number or a boolean is meant, and never where a word is.

namespace portolan::manifests {
namespace {

using mapcore::kWeightMax;

constexpr std::uint32_t kWeightPerPercent = kWeightMax / 100;
// No wait is meant to be longer; sums of a few, and any time plus one, stay far within 64 bits.
constexpr Duration kDurationMax = std::chrono::days(3'650);

void Expected(const Field& field, std::string_view what, Report& report) {
  report.Error(field, "expected " + std::string(what) + ", found " + Found(*field.node));
}

// The typed scalar; a scalar without a type is reported.
std::optional<Value> ReadScalar(const Field& field, std::string_view expected, Report& report) {
  if (!field) return std::nullopt;
  if (field.node->kind != Node::Kind::kScalar) {
    Expected(field, expected, report);
    return std::nullopt;
  }
  auto typed = TypeScalar(field.node->text, field.node->quoted);
  if (auto* problem = std::get_if<ScalarProblem>(&typed)) {
    report.Error(field, std::move(problem->message), std::move(problem->hint));
    return std::nullopt;
  }
  return std::get<Value>(std::move(typed));
}

std::string Bytes(Range<std::size_t> bytes) {
  if (bytes.min == 0) return "a string of at most " + std::to_string(bytes.max) + " bytes";
  return "a string of " + std::to_string(bytes.min) + " to " + std::to_string(bytes.max) + " bytes";
}

// No exponent: nobody means 1e1 percent.
std::optional<double> ParsePlainNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != end || text.empty() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

// "5%" as 5 with `percent` set, "5" as 5 without.
struct Quantity {
  double number;
  bool percent;
};
std::optional<Quantity> ParseQuantity(const Node& node) {
  if (node.kind != Node::Kind::kScalar) return std::nullopt;
  std::string_view text = node.text;
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  if (!percent && node.quoted) return std::nullopt;
  const auto number = ParsePlainNumber(text);
  if (!number) return std::nullopt;
  return Quantity{*number, percent};
}

// 5000 is 5 % in state and JSON (weights of 100,000), and may have been copied from there.
std::string WeightHint(const Quantity& quantity) {
  if (quantity.percent || quantity.number <= 100) return "";
  const double meant = quantity.number / kWeightPerPercent;
  if (meant > 100) return "weights are percent, at most 100%";
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, meant);
  return "did you mean " + std::string(text, end) + "%? Weights are written in percent";
}

}  // namespace

std::optional<bool> ReadBool(const Field& field, Report& report) {
  const auto value = ReadScalar(field, "true or false", report);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  Expected(field, "true or false", report);
  return std::nullopt;
}

std::optional<std::int64_t> ReadInteger(const Field& field, Range<std::int64_t> range,
                                        Report& report) {
  const std::string expected =
      "an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max);
  const auto value = ReadScalar(field, expected, report);
  if (!value) return std::nullopt;
  if (value->is_int() && value->as_int() >= range.min && value->as_int() <= range.max)
    return value->as_int();
  Expected(field, expected, report);
  return std::nullopt;
}

std::optional<double> ReadNumber(const Field& field, Range<double> range, Report& report) {
  const std::string expected =
      "a number from " + CanonicalJson(Value(range.min)) + " to " + CanonicalJson(Value(range.max));
  const auto value = ReadScalar(field, expected, report);
  if (!value) return std::nullopt;
  if (value->is_number() && value->as_double() >= range.min && value->as_double() <= range.max)
    return value->as_double();
  Expected(field, expected, report);
  return std::nullopt;
}

std::optional<std::string> ReadString(const Field& field, Range<std::size_t> bytes,
                                      Report& report) {
  const auto value = ReadScalar(field, "a string", report);
  if (!value) return std::nullopt;
  if (!value->is_string()) {
    report.Error(field, "expected a string, found " + Found(*field.node),
                 value->is_null() ? "" : "quote it");
    return std::nullopt;
  }
  const std::string& text = value->as_string();
  if (text.size() >= bytes.min && text.size() <= bytes.max) return text;
  Expected(field, Bytes(bytes), report);
  return std::nullopt;
}

std::optional<std::vector<std::string>> ReadStrings(const Field& field, Range<std::size_t> bytes,
                                                    Report& report) {
  if (!field) return std::nullopt;
  if (field.node->kind != Node::Kind::kSequence) {
    Expected(field, "a list of strings", report);
    return std::nullopt;
  }
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < field.node->items.size(); ++i) {
    if (auto text = ReadString(field.Item(i), bytes, report)) strings.push_back(*std::move(text));
  }
  return strings;
}

std::optional<Duration> ReadDuration(const Field& field, Report& report) {
  if (!field) return std::nullopt;
  if (field.node->kind == Node::Kind::kScalar) {
    const auto duration = ParseDuration(field.node->text);
    if (duration.ok() && *duration <= kDurationMax) return *duration;
  }
  Expected(field, "a duration such as \"250ms\", \"10s\", \"1m30s\" or \"24h\", at most 3650d",
           report);
  return std::nullopt;
}

std::optional<std::uint32_t> ReadWeight(const Field& field, Report& report) {
  if (!field) return std::nullopt;
  constexpr std::string_view kExpected = "a weight above 0% and up to 100%, such as 5% or 0.5%";
  const auto quantity = ParseQuantity(*field.node);
  if (!quantity || quantity->number <= 0 || quantity->number > 100) {
    report.Error(field, "expected " + std::string(kExpected) + ", found " + Found(*field.node),
                 quantity ? WeightHint(*quantity) : "");
    return std::nullopt;
  }
  const double parts = quantity->number * kWeightPerPercent;
  const double whole = std::round(parts);
  // 0.07 * 1000 is not 70 exactly; a fourth decimal is off by 0.1 at least.
  if (std::abs(parts - whole) > 1e-6 || whole < 1) {
    report.Error(field,
                 "expected a weight with at most three decimals, found " + Found(*field.node));
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(whole);
}

std::optional<double> ReadRatio(const Field& field, Report& report) {
  if (!field) return std::nullopt;
  const auto quantity = ParseQuantity(*field.node);
  if (quantity) {
    const double ratio = quantity->percent ? quantity->number / 100 : quantity->number;
    if (ratio >= 0 && ratio <= 1) return ratio;
  }
  Expected(field, "a share from 0% to 100%, such as 1% or 0.01", report);
  return std::nullopt;
}

std::optional<double> ReadShare(const Field& field, Range<double> range, Report& report) {
  if (!field) return std::nullopt;
  if (const auto quantity = ParseQuantity(*field.node)) {
    const double share = quantity->percent ? quantity->number / 100 : quantity->number;
    if (share >= range.min && share <= range.max) return share;
  }
  const auto percent = [](double share) { return CanonicalJson(Value(share * 100)) + "%"; };
  Expected(
      field,
      "a share from " + percent(range.min) + " to " + percent(range.max) + ", such as 10% or 0.1",
      report);
  return std::nullopt;
}

std::optional<Value> ReadValue(const Field& field, Report& report) {
  if (!field) return std::nullopt;
  std::vector<Diagnostic> diagnostics;
  auto value = ValueFromNode(*field.node, {}, &diagnostics);
  if (value) return value;
  // Once more, for the place: making texts of it costs an entry as much as its types.
  diagnostics.clear();
  value = ValueFromNode(*field.node, {report.file(), field.path.ToString()}, &diagnostics);
  for (Diagnostic& diagnostic : diagnostics) report.Add(std::move(diagnostic));
  return value;
}

std::vector<std::pair<std::string, std::string>> ReadStringMap(const Field& field,
                                                               Range<std::size_t> bytes,
                                                               Report& report) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (!field) return pairs;
  if (field.node->kind != Node::Kind::kMapping) {
    Expected(field, "an object of strings", report);
    return pairs;
  }
  for (const Node::Member& member : field.node->members) {
    const Field value{&member.value, field.path.Member(member.key)};
    if (auto text = ReadString(value, bytes, report)) pairs.emplace_back(member.key, *text);
  }
  return pairs;
}

std::string OneOf(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += QuoteForMessage(names[i]);
  }
  return text;
}

// By the text, quoted or not: names are words, and no YAML type is in the way.
std::optional<std::size_t> ReadChoice(const Field& field, std::span<const std::string_view> names,
                                      Report& report) {
  if (!field) return std::nullopt;
  if (field.node->kind == Node::Kind::kScalar) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (field.node->text == names[i]) return i;
  }
  report.Error(field, "expected " + OneOf(names) + ", found " + Found(*field.node),
               field.node->kind == Node::Kind::kScalar
                   ? DidYouMean(field.node->text, {names.begin(), names.end()})
                   : "");
  return std::nullopt;
}

}  // namespace portolan::manifests
