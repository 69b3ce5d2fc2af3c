// int, uint, double, bool, string, bytes, dyn, type, timestamp, duration as functions.
#include <cmath>
#include <limits>

#include "reconciler/policy/cel/literal.h"
#include "reconciler/policy/cel/network.h"
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/text.h"
#include "reconciler/policy/cel/time.h"
#include "reconciler/policy/cel/utf8.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

constexpr std::size_t kShownBytesMax = 64;

Value Unreadable(CallContext& context, const Value& text, std::string_view type) {
  return context.Fail(TextOf(text, kShownBytesMax) + " is no " + std::string(type));
}

Value OutOfRange(CallContext& context, const Value& number, std::string_view type) {
  return context.Fail(TextOf(number, kShownBytesMax) + " does not fit into " + std::string(type));
}

Value Same(CallContext&, Arguments arguments) {
  return arguments[0];
}

Value IntOfUint(CallContext& context, Arguments arguments) {
  if (arguments[0].AsUint() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return OutOfRange(context, arguments[0], "an int");
  return Value::Int(static_cast<std::int64_t>(arguments[0].AsUint()));
}

// Exclusive on both sides: a double this large may stand for a whole number beyond the limit.
Value IntOfDouble(CallContext& context, Arguments arguments) {
  const double value = arguments[0].AsDouble();
  if (!(value > -0x1p63 && value < 0x1p63)) return OutOfRange(context, arguments[0], "an int");
  return Value::Int(static_cast<std::int64_t>(value));
}

// Decimal only: "0x10" in a value is more likely a mistake than a number.
Value IntOfString(CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].AsText();
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = text.find_first_of("xX") != std::string_view::npos;
  const auto value = hexadecimal || text.starts_with("+") ? std::nullopt : ReadInt(text, false);
  return value ? Value::Int(*value) : Unreadable(context, arguments[0], "int");
}

Value IntOfTimestamp(CallContext&, Arguments arguments) {
  return Value::Int(arguments[0].AsTime().seconds);
}

Value UintOfInt(CallContext& context, Arguments arguments) {
  if (arguments[0].AsInt() < 0) return OutOfRange(context, arguments[0], "a uint");
  return Value::Uint(static_cast<std::uint64_t>(arguments[0].AsInt()));
}

Value UintOfDouble(CallContext& context, Arguments arguments) {
  const double value = arguments[0].AsDouble();
  if (!(value >= 0 && value < 0x1p64)) return OutOfRange(context, arguments[0], "a uint");
  return Value::Uint(static_cast<std::uint64_t>(value));
}

Value UintOfString(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText();
  const bool hexadecimal = text.find_first_of("xX") != std::string_view::npos;
  const auto value = hexadecimal ? std::nullopt : ReadUint(text);
  return value ? Value::Uint(*value) : Unreadable(context, arguments[0], "uint");
}

Value DoubleOfInt(CallContext&, Arguments arguments) {
  return Value::Double(static_cast<double>(arguments[0].AsInt()));
}

Value DoubleOfUint(CallContext&, Arguments arguments) {
  return Value::Double(static_cast<double>(arguments[0].AsUint()));
}

Value DoubleOfString(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText();
  const bool negative = text.starts_with('-');
  const std::string_view name = negative || text.starts_with('+') ? text.substr(1) : text;
  if (name == "NaN") return Value::Double(std::numeric_limits<double>::quiet_NaN());
  if (name == "Infinity" || name == "Inf" || name == "inf") {
    const double infinity = std::numeric_limits<double>::infinity();
    return Value::Double(negative ? -infinity : infinity);
  }
  const auto value = ReadDouble(text);
  return value ? Value::Double(*value) : Unreadable(context, arguments[0], "double");
}

Value BoolOfString(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText();
  for (const std::string_view yes : {"true", "True", "TRUE", "t", "T", "1"})
    if (text == yes) return Value::Bool(true);
  for (const std::string_view no : {"false", "False", "FALSE", "f", "F", "0"})
    if (text == no) return Value::Bool(false);
  return Unreadable(context, arguments[0], "bool");
}

Value StringOf(CallContext& context, Arguments arguments) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kBool:
      return Value::String(value.AsBool() ? "true" : "false");
    case Kind::kInt:
      return context.Text(std::to_string(value.AsInt()));
    case Kind::kUint:
      return context.Text(std::to_string(value.AsUint()));
    case Kind::kDouble:
      return context.Text(FormatDouble(value.AsDouble()));
    case Kind::kTimestamp:
      return context.Text(FormatTimestamp(value.AsTime()));
    case Kind::kDuration:
      return context.Text(FormatDurationText(value.AsTime()));
    case Kind::kIp:
      return context.Text(FormatIp(value.AsNetwork()));
    case Kind::kCidr:
      return context.Text(FormatCidr(value.AsNetwork()));
    default:
      return value;
  }
}

Value StringOfBytes(CallContext& context, Arguments arguments) {
  if (!ValidUtf8(arguments[0].AsText())) return context.Fail("the bytes are not valid UTF-8");
  return Value::String(arguments[0].AsText());
}

Value BytesOfString(CallContext&, Arguments arguments) {
  return Value::Bytes(arguments[0].AsText());
}

Value TypeOf(CallContext&, Arguments arguments) {
  return Value::Type(arguments[0].kind());
}

Value TimestampOfInt(CallContext& context, Arguments arguments) {
  return TimestampValue({arguments[0].AsInt(), 0}, context);
}

Value TimestampOfString(CallContext& context, Arguments arguments) {
  const auto time = ParseTimestamp(arguments[0].AsText());
  return time ? TimestampValue(*time, context)
              : Unreadable(context, arguments[0], "timestamp, as in '2026-07-20T10:00:00Z'");
}

Value DurationOfString(CallContext& context, Arguments arguments) {
  const auto time = ParseDurationText(arguments[0].AsText());
  return time ? DurationValue(*time, context)
              : Unreadable(context, arguments[0], "duration, as in '1h30m', within 10,000 years");
}

constexpr Overload kFunctions[] = {
    {"int", "i:i", Same},
    {"int", "u:i", IntOfUint},
    {"int", "d:i", IntOfDouble},
    {"int", "s:i", IntOfString},
    {"int", "t:i", IntOfTimestamp},
    {"uint", "u:u", Same},
    {"uint", "i:u", UintOfInt},
    {"uint", "d:u", UintOfDouble},
    {"uint", "s:u", UintOfString},
    {"double", "d:d", Same},
    {"double", "i:d", DoubleOfInt},
    {"double", "u:d", DoubleOfUint},
    {"double", "s:d", DoubleOfString},
    {"bool", "b:b", Same},
    {"bool", "s:b", BoolOfString},
    {"string", "s:s", Same},
    {"string", "b:s", StringOf},
    {"string", "n:s", StringOf},
    {"string", "t:s", StringOf},
    {"string", "D:s", StringOf},
    {"string", "I:s", StringOf},
    {"string", "C:s", StringOf},
    {"string", "y:s", StringOfBytes},
    {"bytes", "y:y", Same},
    {"bytes", "s:y", BytesOfString},
    {"dyn", "*:*", Same},
    {"type", "*:T", TypeOf},
    {"timestamp", "t:t", Same},
    {"timestamp", "i:t", TimestampOfInt},
    {"timestamp", "s:t", TimestampOfString},
    {"duration", "D:D", Same},
    {"duration", "s:D", DurationOfString},
};

}  // namespace

std::span<const Overload> ConversionFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
