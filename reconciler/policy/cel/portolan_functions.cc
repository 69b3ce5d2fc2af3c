// The functions that only Portolan has: leaves, luhn, range, within, semver, glob.
#include <array>
#include <cmath>
#include <string>

#include "reconciler/policy/cel/compare.h"
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/value_buffer.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

constexpr int kLeavesDepthMax = 250;

// Collects what is neither list nor map, from left to right.
class Leaves final : public EntryVisitor {
 public:
  explicit Leaves(CallContext& context) : context_(context), found_(context.arena) {}

  bool Visit(const Value&, const Value& value) override { return Take(value); }
  bool Take(const Value& value) {
    if (!context_.meter.Charge(1)) return false;
    if (value.failed()) failure_ = value;
    if (failure_.failed()) return false;
    if (depth_ >= kLeavesDepthMax) {
      failure_ = context_.Fail("the value is nested too deeply");
      return false;
    }
    ++depth_;
    bool more = true;
    if (value.is(Kind::kMap)) {
      value.AsMap().ForEach(true, *this, context_.arena);
      more = !failure_.failed();
    } else if (value.is(Kind::kList)) {
      const List& list = value.AsList();
      for (std::size_t i = 0; i < list.size() && more; ++i) more = Take(list.At(i, context_.arena));
    } else {
      found_.Add(value);
    }
    --depth_;
    return more;
  }
  Value Result() {
    if (failure_.failed()) return failure_;
    return Value::OfList(context_.arena.New<ValueList>(found_.data(), found_.size()));
  }

 private:
  CallContext& context_;
  Buffer<Value> found_;
  Value failure_;
  int depth_ = 0;
};

Value LeavesOf(CallContext& context, Arguments arguments) {
  Leaves leaves(context);
  leaves.Take(arguments[0]);
  return leaves.Result();
}

// ISO/IEC 7812-1, annex B: from the right, every second digit doubled.
bool PassesLuhn(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) digit *= 2;
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 == 0;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

Value Luhn(CallContext& context, Arguments arguments) {
  constexpr std::size_t kDigitsMin = 13, kDigitsMax = 19;
  const std::string_view text = arguments[0].AsText();
  context.meter.ChargeTraversal(text.size());
  std::string digits;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool more = i < text.size();
    if (more && IsDigit(text[i])) {
      digits += text[i];
      continue;
    }
    const bool separator = more && (text[i] == ' ' || text[i] == '-') && !digits.empty() &&
                           i + 1 < text.size() && IsDigit(text[i + 1]);
    if (separator) continue;
    if (digits.size() >= kDigitsMin && digits.size() <= kDigitsMax && PassesLuhn(digits))
      return Value::Bool(true);
    digits.clear();
  }
  return Value::Bool(false);
}

// Whole numbers from one on, none of them in memory.
class RangeList final : public List {
 public:
  RangeList(std::int64_t begin, std::int64_t end) : begin_(begin), end_(end) {}
  std::size_t size() const override {
    return begin_ < end_ ? static_cast<std::size_t>(end_) - static_cast<std::size_t>(begin_) : 0;
  }
  Value At(std::size_t index, Arena&) const override {
    return Value::Int(begin_ + static_cast<std::int64_t>(index));
  }

 private:
  std::int64_t begin_;
  std::int64_t end_;
};

Value Range(CallContext& context, Arguments arguments) {
  const std::int64_t begin = arguments[0].AsInt(), end = arguments[1].AsInt();
  std::int64_t size = 0;
  if (__builtin_sub_overflow(end, begin, &size))
    return context.Fail("the range has more elements than an int counts");
  return Value::OfList(context.arena.New<RangeList>(begin, end));
}

long double NumberOf(const Value& value) {
  if (value.is(Kind::kInt)) return static_cast<long double>(value.AsInt());
  if (value.is(Kind::kUint)) return static_cast<long double>(value.AsUint());
  return value.AsDouble();
}

// |new - old| * 100 <= percent * |old|, with 64 bits of mantissa; a NaN is never within.
Value Within(CallContext&, Arguments arguments) {
  const long double now = NumberOf(arguments[0]), before = NumberOf(arguments[1]);
  return Value::Bool(std::abs(now - before) * 100 <= NumberOf(arguments[2]) * std::abs(before));
}

struct Semver {
  std::array<std::string_view, 3> numbers;
  std::string_view prerelease;
};

// Removes and returns what stands before `end`, or all.
std::string_view TakeUntil(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

bool AllDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsNumber(std::string_view text) {
  return AllDigits(text) && (text.size() == 1 || text[0] != '0') && text.size() <= 18;
}

bool AreIdentifiers(std::string_view text, bool numbers_without_zero) {
  constexpr std::string_view kAllowed =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";
  while (true) {
    const bool last = text.find('.') == std::string_view::npos;
    const std::string_view part = TakeUntil(text, '.');
    if (part.empty() || part.find_first_not_of(kAllowed) != std::string_view::npos) return false;
    if (numbers_without_zero && AllDigits(part) && part.size() > 1 && part[0] == '0') return false;
    if (last) return true;
  }
}

// semver.org 2.0.0; a leading v is allowed.
std::optional<Semver> ParseSemver(std::string_view text) {
  Semver version;
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos && !AreIdentifiers(text.substr(plus + 1), false)) return {};
  text = text.substr(0, plus);
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    if (!AreIdentifiers(version.prerelease, true)) return {};
  }
  text = text.substr(0, dash);
  for (std::string_view& number : version.numbers) {
    number = TakeUntil(text, '.');
    if (!IsNumber(number)) return {};
  }
  return text.empty() ? std::optional(version) : std::nullopt;
}

int CompareNumbers(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  const int order = left.compare(right);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int ComparePrereleases(std::string_view left, std::string_view right) {
  if (left.empty() || right.empty())
    return static_cast<int>(left.empty()) - static_cast<int>(right.empty());
  while (!left.empty() && !right.empty()) {
    const std::string_view a = TakeUntil(left, '.'), b = TakeUntil(right, '.');
    const bool a_number = AllDigits(a), b_number = AllDigits(b);
    if (a_number != b_number) return a_number ? -1 : 1;
    const int text_order = a.compare(b) < 0 ? -1 : a.compare(b) > 0 ? 1 : 0;
    const int order = a_number ? CompareNumbers(a, b) : text_order;
    if (order != 0) return order;
  }
  return static_cast<int>(!left.empty()) - static_cast<int>(!right.empty());
}

Value NoSemver(CallContext& context, const Value& text) {
  return context.Fail("\"" + std::string(text.AsText().substr(0, 64)) +
                      "\" is no semantic version, as in 1.20.3");
}

Value CompareSemver(CallContext& context, Arguments arguments) {
  const auto left = ParseSemver(arguments[0].AsText()), right = ParseSemver(arguments[1].AsText());
  if (!left) return NoSemver(context, arguments[0]);
  if (!right) return NoSemver(context, arguments[1]);
  for (std::size_t i = 0; i < left->numbers.size(); ++i)
    if (const int order = CompareNumbers(left->numbers[i], right->numbers[i]))
      return Value::Int(order);
  return Value::Int(ComparePrereleases(left->prerelease, right->prerelease));
}

Value SemverParts(CallContext& context, Arguments arguments) {
  const auto version = ParseSemver(arguments[0].AsText());
  if (!version) return NoSemver(context, arguments[0]);
  constexpr std::string_view kNames[] = {"major", "minor", "patch"};
  MapEntry* const entries = context.arena.NewArray<MapEntry>(4);
  for (std::size_t i = 0; i < 3; ++i)
    entries[i] = {Value::String(kNames[i]),
                  Value::Int(std::stoll(std::string(version->numbers[i])))};
  entries[3] = {Value::String("prerelease"), Value::String(version->prerelease)};
  return Value::OfMap(SortedMap(entries, 4, context.arena));
}

// `*` is any run of characters, `?` any one byte. The last star is tried longer and longer, so that
// the time is at most |pattern| x |text|.
Value Glob(CallContext& context, Arguments arguments) {
  const std::string_view pattern = arguments[0].AsText(), text = arguments[1].AsText();
  if (!context.meter.ChargeTraversal(text.size() * (1 + pattern.size() / 4)))
    return Value::Bool(false);
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return Value::Bool(false);
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return Value::Bool(p == pattern.size());
}

constexpr Overload kFunctions[] = {
    {"leaves", "*:l", LeavesOf}, {"luhn", "s:b", Luhn},          {"range", "ii:l", Range},
    {"within", "nnn:b", Within}, {"semver", "s:*", SemverParts}, {"semver", "ss:i", CompareSemver},
    {"glob", "ss:b", Glob},
};

}  // namespace

std::span<const Overload> PortolanFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
