#include "manifests/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

// YAML 1.2's core schema (section 10.3.2) decides what a plain scalar is. What YAML 1.1 readers,
// which most tools are, take for something else is refused rather than decided: `no` is a country
// and a boolean, 010 is ten and eight. The hint is always the same: quotes.

namespace portolan::manifests {
namespace {

using Typed = std::variant<Value, ScalarProblem>;

// A longer number would be rounded in silence: what is served would not be what git says.
constexpr std::size_t kSignificantDigitsMax = 17;  // as many as tell any two doubles apart
constexpr std::string_view kDigits = "0123456789";

template <std::size_t N>
bool IsOneOf(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// ASCII: the words that matter are.
std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Typed Refused(std::string_view expected, std::string_view text) {
  return ScalarProblem{"expected " + std::string(expected) + ", found " + std::string(text),
                       "quote it if it is a text: \"" + std::string(text) + "\""};
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool AllOf(std::string_view text, std::string_view set) {
  return !text.empty() && text.find_first_not_of(set) == std::string_view::npos;
}

// The parts of "[-+]digits[.digits][(e|E)[-+]digits]"; `matches` is false for any other text.
struct Decimal {
  bool matches = false;
  bool is_integer = false;
  std::string_view whole;
  std::string_view fraction;
};

std::string_view TakeDigits(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_not_of(kDigits), rest.size());
  const std::string_view digits = rest.substr(0, end);
  rest.remove_prefix(end);
  return digits;
}

Decimal SplitDecimal(std::string_view text) {
  Decimal number;
  std::string_view rest = text;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  number.whole = TakeDigits(rest);
  number.is_integer = rest.empty();
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    number.fraction = TakeDigits(rest);
  }
  number.matches = !number.whole.empty() || !number.fraction.empty();
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    number.matches = number.matches && AllOf(rest, kDigits);
  } else {
    number.matches = number.matches && rest.empty();
  }
  return number;
}

std::size_t SignificantDigits(const Decimal& number) {
  std::string digits = std::string(number.whole) + std::string(number.fraction);
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return 0;
  return digits.find_last_not_of('0') - first + 1;
}

// `digits` in `base`, as the text says it; both signs of zero are 0.
Typed TypeInteger(std::string_view text, std::string_view digits, int base) {
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stopped != end) return Refused("an integer within 64 bits", text);
  return Value(value);
}

Typed TypeDecimal(std::string_view text, const Decimal& number) {
  if (number.whole.size() > 1 && number.whole.front() == '0')
    return Refused("a number without leading zeros", text);
  const std::string_view unsigned_plus = text.starts_with('+') ? text.substr(1) : text;
  if (number.is_integer) return TypeInteger(text, unsigned_plus, 10);
  if (SignificantDigits(number) > kSignificantDigitsMax)
    return Refused("a number of at most 17 significant digits", text);
  double value = 0;
  const char* end = unsigned_plus.data() + unsigned_plus.size();
  const auto [stopped, error] = std::from_chars(unsigned_plus.data(), end, value);
  if (error != std::errc() || stopped != end)
    return Refused("a number within the range of a double", text);
  return Value(value);
}

Typed TypePlain(std::string_view text) {
  constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  // "y" and "n" are left alone: 1.1 has them, but hardly any reader.
  constexpr std::array<std::string_view, 4> kOldBooleans = {"yes", "no", "on", "off"};
  constexpr std::array<std::string_view, 4> kNotFinite = {".inf", "-.inf", "+.inf", ".nan"};
  constexpr std::size_t kWordMax = 5;
  const bool may_be_word = text.size() <= kWordMax && (text.empty() || !IsDigit(text.front()));
  if (may_be_word) {
    if (IsOneOf(text, kNull)) return Value();
    if (IsOneOf(text, kTrue)) return Value(true);
    if (IsOneOf(text, kFalse)) return Value(false);
    const std::string lower = LowerCase(text);
    if (IsOneOf(lower, kOldBooleans)) return Refused("true or false", text);
    if (IsOneOf(lower, kNotFinite)) return Refused("a finite number", text);
  }
  // The core schema's bases have no sign: "-0x1" is a string.
  if (text.starts_with("0o") && AllOf(text.substr(2), "01234567"))
    return TypeInteger(text, text.substr(2), 8);
  if (text.starts_with("0x") && AllOf(text.substr(2), "0123456789abcdefABCDEF"))
    return TypeInteger(text, text.substr(2), 16);
  const Decimal number = SplitDecimal(text);
  if (number.matches) return TypeDecimal(text, number);
  return Value(text);
}

// Collects the values of a tree; `ok` turns false with the first problem.
// Goes on after the first problem: each scalar without a type is told.
class Typing {
 public:
  Typing(const NodePlace& place, std::vector<Diagnostic>* diagnostics)
      : place_(place), diagnostics_(diagnostics) {}

  bool ok() const { return ok_; }
  Value TypeRoot(const Node& root) { return TypeNode(root, nullptr); }

 private:
  // A step from a node to one in it. Only a problem needs the path as a text: a map of a million
  // entries has none, as a rule.
  struct Step {
    const Step* parent;
    const Node::Member* member;  // null: the item at `index`
    std::size_t index;
  };

  std::string FieldOf(const Step* step) const {
    if (step == nullptr) return place_.field;
    const std::string parent = FieldOf(step->parent);
    return step->member != nullptr ? JoinField(parent, step->member->key)
                                   : JoinField(parent, step->index);
  }

  Value TypeNode(const Node& node, const Step* step) {
    switch (node.kind) {
      case Node::Kind::kScalar:
        return TypeLeaf(node, step);
      case Node::Kind::kSequence:
        return TypeItems(node, step);
      case Node::Kind::kMapping:
        return TypeMembers(node, step);
    }
    return Value();
  }

  Value TypeLeaf(const Node& node, const Step* step) {
    Typed typed = TypeScalar(node.text, node.quoted);
    if (auto* value = std::get_if<Value>(&typed)) return std::move(*value);
    auto& problem = std::get<ScalarProblem>(typed);
    ok_ = false;
    diagnostics_->push_back({Diagnostic::Severity::kError, place_.file, node.position,
                             FieldOf(step), std::move(problem.message), std::move(problem.hint)});
    return Value();
  }

  Value TypeItems(const Node& node, const Step* step) {
    Value::Array items;
    items.reserve(node.items.size());
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Step next{step, nullptr, i};
      items.push_back(TypeNode(node.items[i], &next));
    }
    return Value(std::move(items));
  }

  Value TypeMembers(const Node& node, const Step* step) {
    Value::Object members;
    members.reserve(node.members.size());
    for (const Node::Member& member : node.members) {
      const Step next{step, &member, 0};
      members.emplace_back(member.key, TypeNode(member.value, &next));
    }
    return Value(std::move(members));
  }

  const NodePlace& place_;
  std::vector<Diagnostic>* diagnostics_;
  bool ok_ = true;
};

}  // namespace

std::variant<Value, ScalarProblem> TypeScalar(std::string_view text, bool quoted) {
  return quoted ? Typed(Value(text)) : TypePlain(text);
}

std::optional<Value> ValueFromNode(const Node& node, const NodePlace& place,
                                   std::vector<Diagnostic>* diagnostics) {
  Typing typing(place, diagnostics);
  Value value = typing.TypeRoot(node);
  if (!typing.ok()) return std::nullopt;
  return value;
}

}  // namespace portolan::manifests
