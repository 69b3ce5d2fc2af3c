#include <algorithm>
#include <cmath>

#include "manifests/fields.h"
#include "manifests/schema.h"

// Walks value and node side by side: the value for what it is, the node for where it stands. All
// errors of an entry are reported, except under a value of the wrong kind.

namespace portolan::manifests {
namespace {

using Kind = Value::Kind;

constexpr std::size_t kEnumShownMax = 12;

// Exact for every int64 and every double: the 64-bit mantissa of x86's long double holds both.
// Where long double is narrower, two integers are still compared as integers.
int Compare(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int();
  const auto wide = [](const Value& v) {
    return v.is_int() ? static_cast<long double>(v.as_int())
                      : static_cast<long double>(v.as_double());
  };
  return wide(a) < wide(b) ? -1 : wide(a) > wide(b);
}

// The number as an integer, when it is one: 5.0 is 5, as JSON Schema has it.
std::optional<std::int64_t> Integral(const Value& value) {
  if (value.is_int()) return value.as_int();
  constexpr double kExactMax = 9'007'199'254'740'992;  // 2^53
  const double number = value.as_double();
  if (std::trunc(number) != number || std::abs(number) > kExactMax) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::string_view Noun(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return "an integer";
    case Kind::kDouble:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kArray:
      return "a list";
    case Kind::kObject:
      return "an object";
  }
  return "";
}

}  // namespace

// What a check is about, kept together because every check needs all of it.
struct Schema::Place {
  const Field& field;
  const Value& value;
  const Options& options;
  Report& report;

  void Expected(const std::string& expected) const {
    report.Error(field,
                 expected + ", found " + (options.mask ? "a sensitive value" : Found(*field.node)));
  }
  void Fault(std::string message) const { report.Error(field, std::move(message)); }
};

// The message of an error says the whole expectation: who mends one bound meets the other next.
std::string Schema::Describe() const {
  const auto number = [&](std::string text) {
    const auto shown = [](const Value& v) { return CanonicalJson(v); };
    if (minimum_ && maximum_) return text + " from " + shown(*minimum_) + " to " + shown(*maximum_);
    std::string joint = " ";
    const auto add = [&](const std::optional<Value>& bound, std::string_view words) {
      if (!bound) return;
      text += joint + std::string(words) + " " + shown(*bound);
      joint = " and ";
    };
    add(minimum_, "of at least");
    add(exclusive_minimum_, "above");
    add(maximum_, "of at most");
    add(exclusive_maximum_, "below");
    return text;
  };
  std::string text;
  for (const Kind kind : {Kind::kNull, Kind::kBool, Kind::kInt, Kind::kDouble, Kind::kString,
                          Kind::kArray, Kind::kObject}) {
    if ((kinds_ & (1u << static_cast<unsigned>(kind))) == 0) continue;
    // Of the two kinds of numbers the narrower name, once.
    if (kind == (integer_only_ ? Kind::kDouble : Kind::kInt)) continue;
    if (!text.empty()) text += " or ";
    const bool numeric = kind == Kind::kInt || kind == Kind::kDouble;
    text += numeric                 ? number(std::string(Noun(kind)))
            : kind == Kind::kString ? text_.Describe()
                                    : std::string(Noun(kind));
  }
  return text.empty() ? number("a number") : text;
}

bool Schema::AcceptsKind(const Value& value) const {
  if (kinds_ == 0) return true;
  if ((kinds_ & (1u << static_cast<unsigned>(value.kind()))) == 0) return false;
  return !value.is_number() || !integer_only_ || Integral(value).has_value();
}

bool Schema::InRange(const Value& value) const {
  return !(minimum_ && Compare(value, *minimum_) < 0) &&
         !(maximum_ && Compare(value, *maximum_) > 0) &&
         !(exclusive_minimum_ && Compare(value, *exclusive_minimum_) <= 0) &&
         !(exclusive_maximum_ && Compare(value, *exclusive_maximum_) >= 0);
}

void Schema::Check(const Field& field, const Value& value, const Options& options,
                   Report& report) const {
  const Place place{field, value, options, report};
  // Nothing else is said of a value of the wrong kind: it would all follow from that.
  if (!AcceptsKind(value)) return place.Expected("expected " + Describe());
  if (!enum_.empty() &&
      std::find(enum_.begin(), enum_.end(), CanonicalJson(value)) == enum_.end()) {
    const std::size_t shown = std::min(enum_.size(), kEnumShownMax);
    std::string alternatives;
    for (std::size_t i = 0; i < shown; ++i) alternatives += (i == 0 ? "" : ", ") + enum_[i];
    if (shown < enum_.size()) alternatives += ", …";
    return place.Expected((enum_.size() == 1 ? "expected " : "expected one of ") + alternatives);
  }
  if (value.is_number()) {
    if (!InRange(value)) return place.Expected("expected " + Describe());
    if (multiple_of_) {
      const auto integer = Integral(value);
      if (!integer || *integer % *multiple_of_ != 0)
        place.Expected("expected a multiple of " + std::to_string(*multiple_of_));
    }
  }
  if (value.is_string()) CheckString(place);
  if (value.is_object()) CheckObject(place);
  if (value.is_array()) CheckArray(place);
}

void Schema::CheckString(const Place& place) const {
  if (text_.empty()) return;
  const std::string expected = text_.Explain(place.value.as_string());
  if (!expected.empty()) place.Expected(expected);
}

void Schema::CheckObject(const Place& place) const {
  const std::uint64_t size = place.value.as_object().size();
  if ((min_properties_ && size < *min_properties_) ||
      (max_properties_ && size > *max_properties_)) {
    place.Fault("expected " + std::to_string(min_properties_.value_or(0)) +
                (max_properties_ ? " to " + std::to_string(*max_properties_) : " or more") +
                " fields, found " + std::to_string(size));
  }
  for (const std::string& name : required_)
    if (place.value.Find(name) == nullptr)
      place.Fault("missing required field " + QuoteForMessage(name));
  CheckMembers(place);
}

void Schema::CheckMembers(const Place& place) const {
  const auto& members = place.value.as_object();
  for (std::size_t i = 0; i < members.size(); ++i) {
    // Same shape, same order: the value was made from this node (header).
    const Node::Member& node = place.field.node->members[i];
    const Field field{&node.value, place.field.path.Member(node.key)};
    const Schema* schema = PropertyOf(node.key);
    if (schema == nullptr) schema = additional_.get();
    if (schema != nullptr) {
      schema->Check(field, members[i].second, place.options, place.report);
    } else if (!additional_allowed_) {
      std::vector<std::string_view> known;
      for (const auto& property : properties_) known.push_back(property.first);
      place.report.Add(UnknownField(place.report.file(), place.field.path, node, known));
    }
  }
}

void Schema::CheckArray(const Place& place) const {
  const auto& items = place.value.as_array();
  if ((min_items_ && items.size() < *min_items_) || (max_items_ && items.size() > *max_items_)) {
    place.Fault("expected " + std::to_string(min_items_.value_or(0)) +
                (max_items_ ? " to " + std::to_string(*max_items_) : " or more") +
                " items, found " + std::to_string(items.size()));
  }
  if (!items_) return;
  for (std::size_t i = 0; i < items.size(); ++i)
    items_->Check(place.field.Item(i), items[i], place.options, place.report);
}

}  // namespace portolan::manifests
