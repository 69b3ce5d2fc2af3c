// string.format(list), strings.quote(string), base64.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/cel/network.h"
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/text.h"
#include "reconciler/policy/cel/time.h"
#include "reconciler/policy/cel/utf8.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

constexpr int kDepthMax = 64;
constexpr int kPrecisionDefault = 6;
constexpr int kPrecisionMax = 100;

// Why a clause could not be formatted; empty when it was.
using Trouble = std::string;

// The %s form: strings bare, lists and maps with their elements, maps by the text of their keys.
class Plain {
 public:
  Plain(CallContext& context, std::string& out) : context_(context), out_(out) {}

  Trouble Write(const Value& value, int depth = 0) {
    if (depth > kDepthMax) return "the value is nested too deeply";
    if (!context_.meter.Charge(1) || out_.size() > kTextBytesMax) return "the text is too long";
    switch (value.kind()) {
      case Kind::kError:
        return std::string(value.AsFailure().message);
      case Kind::kString:
        out_ += value.AsText();
        return {};
      case Kind::kBytes:
        if (!ValidUtf8(value.AsText())) return "%s needs bytes that are valid UTF-8";
        out_ += value.AsText();
        return {};
      case Kind::kList:
        return WriteList(value.AsList(), depth);
      case Kind::kMap:
        return WriteMap(value.AsMap(), depth);
      case Kind::kDouble:
        out_ += FormatDouble(value.AsDouble());
        return {};
      case Kind::kUint:
        out_ += std::to_string(value.AsUint());
        return {};
      case Kind::kTimestamp:
        out_ += FormatTimestamp(value.AsTime());
        return {};
      case Kind::kDuration:
        out_ += FormatDurationText(value.AsTime());
        return {};
      case Kind::kIp:
        out_ += FormatIp(value.AsNetwork());
        return {};
      case Kind::kCidr:
        out_ += FormatCidr(value.AsNetwork());
        return {};
      case Kind::kOptional:
        return "%s does not apply to an optional";
      default:
        out_ += TextOf(value, kTextBytesMax);
        return {};
    }
  }

 private:
  Trouble WriteList(const List& list, int depth) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ", ";
      Trouble trouble = Write(list.At(i, context_.arena), depth + 1);
      if (!trouble.empty()) return trouble;
    }
    out_ += ']';
    return {};
  }

  Trouble WriteMap(const Map& map, int depth) {
    struct Collector final : EntryVisitor {
      explicit Collector(CallContext& with) : context(with) {}
      bool Visit(const Value& key, const Value& value) override {
        std::string text;
        trouble = Plain(context, text).Write(key);
        entries.emplace_back(std::move(text), value);
        return trouble.empty() && context.meter.Charge(1);
      }
      CallContext& context;
      std::vector<std::pair<std::string, Value>> entries;
      Trouble trouble;
    } collector(context_);
    map.ForEach(true, collector, context_.arena);
    if (!collector.trouble.empty()) return collector.trouble;
    auto& entries = collector.entries;
    std::sort(entries.begin(), entries.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    out_ += '{';
    for (std::size_t i = 0; i < entries.size(); ++i) {
      (out_ += i > 0 ? ", " : "").append(entries[i].first) += ": ";
      Trouble trouble = Write(entries[i].second, depth + 1);
      if (!trouble.empty()) return trouble;
    }
    out_ += '}';
    return {};
  }

  CallContext& context_;
  std::string& out_;
};

std::string Based(std::uint64_t magnitude, bool negative, int base) {
  char text[72];
  const auto end = std::to_chars(text, text + sizeof text, magnitude, base);
  return (negative ? "-" : "") + std::string(text, end.ptr);
}

std::optional<std::string> WholeIn(const Value& value, int base) {
  if (value.is(Kind::kUint)) return Based(value.AsUint(), false, base);
  if (!value.is(Kind::kInt)) return std::nullopt;
  const auto bits = static_cast<std::uint64_t>(value.AsInt());
  return Based(value.AsInt() < 0 ? 0 - bits : bits, value.AsInt() < 0, base);
}

std::string HexOf(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<double> NumberOf(const Value& value) {
  if (value.is(Kind::kDouble)) return value.AsDouble();
  if (value.is(Kind::kInt)) return static_cast<double>(value.AsInt());
  if (value.is(Kind::kUint)) return static_cast<double>(value.AsUint());
  return std::nullopt;
}

std::string WithPrecision(double value, std::chars_format format, int precision) {
  if (!std::isfinite(value)) return FormatDouble(value);
  char text[512];
  const auto end = std::to_chars(text, text + sizeof text, value, format, precision);
  return {text, end.ptr};
}

std::string Upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// The text of one clause but %s, or nothing when it does not apply to the value.
std::optional<std::string> Clause(char letter, int precision, const Value& value) {
  switch (letter) {
    case 'd': {
      const bool special = value.is(Kind::kDouble) && !std::isfinite(value.AsDouble());
      return special ? FormatDouble(value.AsDouble()) : WholeIn(value, 10);
    }
    case 'f':
    case 'e': {
      const auto number = NumberOf(value);
      if (!number) return std::nullopt;
      return WithPrecision(*number,
                           letter == 'f' ? std::chars_format::fixed : std::chars_format::scientific,
                           precision);
    }
    case 'b':
      if (value.is(Kind::kBool)) return value.AsBool() ? "1" : "0";
      return WholeIn(value, 2);
    case 'o':
      return WholeIn(value, 8);
    default: {
      const bool text = value.is(Kind::kString) || value.is(Kind::kBytes);
      auto digits = text ? HexOf(value.AsText()) : WholeIn(value, 16);
      if (digits && letter == 'X') digits = Upper(*digits);
      return digits;
    }
  }
}

// Takes ".3" off the text; nothing when it is no precision.
std::optional<int> TakePrecision(std::string_view& text) {
  if (!text.starts_with('.')) return kPrecisionDefault;
  text.remove_prefix(1);
  int precision = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), precision);
  if (read.ec != std::errc() || precision < 0 || precision > kPrecisionMax) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return precision;
}

Value Format(CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].AsText();
  const List& list = arguments[1].AsList();
  std::string out;
  std::size_t next = 0;
  while (!text.empty()) {
    const std::size_t percent = text.find('%');
    out += text.substr(0, percent);
    if (percent == std::string_view::npos) break;
    text.remove_prefix(percent + 1);
    if (text.starts_with('%')) {
      out += '%';
      text.remove_prefix(1);
      continue;
    }
    const auto precision = TakePrecision(text);
    if (!precision)
      return context.Fail("the precision of a clause is a number up to " +
                          std::to_string(kPrecisionMax));
    if (text.empty() || std::string_view("sdfebxXo").find(text[0]) == std::string_view::npos)
      return context.Fail("no such clause: %" + std::string(text.substr(0, 1)));
    const char letter = text[0];
    text.remove_prefix(1);
    if (next >= list.size())
      return context.Fail("format() has more clauses than values: " + std::to_string(list.size()));
    const Value value = list.At(next++, context.arena);
    if (value.failed()) return value;
    if (letter == 's') {
      const Trouble trouble = Plain(context, out).Write(value);
      if (!trouble.empty()) return context.Fail(trouble);
      continue;
    }
    const auto clause = Clause(letter, *precision, value);
    if (!clause)
      return context.Fail(std::string("%") + letter + " does not apply to " +
                          std::string(TypeName(value.kind())));
    if ((out += *clause).size() > kTextBytesMax) return context.Text(out);
  }
  return context.Text(out);
}

Value Quote(CallContext& context, Arguments arguments) {
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : arguments[0].AsText()) {
    const std::size_t found = kEscaped.find(c);
    if (found != std::string_view::npos)
      (out += '\\') += kLetters[found];
    else
      out += c;
  }
  return context.Text(out + "\"");
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Value Base64Encode(CallContext& context, Arguments arguments) {
  const std::string_view bytes = arguments[0].AsText();
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kBase64[group >> (18 - 6 * k) & 63];
  }
  return context.Text(out);
}

// With or without padding, as cel-go reads it.
Value Base64Decode(CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].AsText();
  const bool padded = text.size() % 4 == 0;
  for (int i = 0; i < 2 && padded && text.ends_with('='); ++i) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos) return context.Fail("the text is not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  if (count >= 6 || (bits & ((1u << count) - 1)) != 0)
    return context.Fail("the text is not base64");
  const Value result = context.Text(out);
  return result.failed() ? result : Value::Bytes(result.AsText());
}

constexpr Overload kFunctions[] = {
    {"format", "s.l:s", Format},
    {"strings.quote", "s:s", Quote},
    {"base64.encode", "y:s", Base64Encode},
    {"base64.decode", "s:y", Base64Decode},
};

}  // namespace

std::span<const Overload> TextFormFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
