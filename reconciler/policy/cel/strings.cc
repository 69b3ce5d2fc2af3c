// Functions of strings and bytes, size() and matches(). Places in a string count code points.
#include <algorithm>
#include <string>

#include "reconciler/policy/cel/evaluate.h"
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/utf8.h"
#include "reconciler/policy/cel/value_buffer.h"

namespace portolan::reconciler::cel {
namespace {

using Arguments = std::span<const Value>;

Value WholeNumber(std::size_t value) {
  return Value::Int(static_cast<std::int64_t>(value));
}

std::string_view Traversed(CallContext& context, const Value& text) {
  context.meter.ChargeTraversal(text.AsText().size());
  return text.AsText();
}

Value Size(CallContext& context, Arguments arguments) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kString:
      return WholeNumber(CodePoints(Traversed(context, value)));
    case Kind::kBytes:
      return WholeNumber(value.AsText().size());
    case Kind::kList:
      return WholeNumber(value.AsList().size());
    default:
      return WholeNumber(value.AsMap().size());
  }
}

// What searching one text for another costs, which may take the product of both. False when that
// is too much, and nothing should be searched.
bool ChargeSearch(CallContext& context, std::string_view text, std::string_view part) {
  return context.meter.Charge(std::max<std::uint64_t>(1, text.size() / 10) *
                              std::max<std::uint64_t>(1, part.size() / 10));
}

Value Contains(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText(), part = arguments[1].AsText();
  return Value::Bool(ChargeSearch(context, text, part) &&
                     text.find(part) != std::string_view::npos);
}

Value StartsWith(CallContext& context, Arguments arguments) {
  return Value::Bool(arguments[0].AsText().starts_with(Traversed(context, arguments[1])));
}

Value EndsWith(CallContext& context, Arguments arguments) {
  return Value::Bool(arguments[0].AsText().ends_with(Traversed(context, arguments[1])));
}

// cel-go's estimate: a tenth for each character, times a quarter for each of the pattern.
Value Matches(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText(), pattern = arguments[1].AsText();
  const std::uint64_t factor = std::max<std::uint64_t>(1, pattern.size() / 4);
  if (!context.meter.Charge(std::max<std::uint64_t>(1, (text.size() + 1) / 10) * factor))
    return Value::Bool(false);
  if (context.regex != nullptr) return Value::Bool(context.regex->FoundIn(text));
  const auto regex = context.last_regex.Get(pattern);
  return regex.ok() ? Value::Bool((*regex)->FoundIn(text)) : context.Fail(regex.error().message);
}

Value OutOfRange(CallContext& context, std::int64_t index) {
  return context.Fail("the place " + std::to_string(index) + " is outside of the string");
}

// The byte offset of a place in the text, from 0 up to its length in code points.
std::optional<std::size_t> Place(std::string_view text, std::int64_t index) {
  if (index < 0) return std::nullopt;
  const auto wanted = static_cast<std::size_t>(index);
  const std::size_t offset = ByteOffset(text, wanted);
  if (offset == text.size() && CodePoints(text) != wanted) return std::nullopt;
  return offset;
}

Value CharAt(CallContext& context, Arguments arguments) {
  const std::string_view text = Traversed(context, arguments[0]);
  const auto place = Place(text, arguments[1].AsInt());
  if (!place) return OutOfRange(context, arguments[1].AsInt());
  std::string_view rest = text.substr(*place);
  if (rest.empty()) return Value::String("");
  const std::string_view all = rest;
  NextCodePoint(rest);
  return Value::String(all.substr(0, all.size() - rest.size()));
}

Value PlaceOrNone(std::string_view text, std::size_t byte) {
  return byte == std::string_view::npos ? Value::Int(-1)
                                        : WholeNumber(CodePoints(text.substr(0, byte)));
}

Value IndexOf(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText();
  if (!ChargeSearch(context, text, arguments[1].AsText())) return Value::Int(-1);
  std::size_t from = 0;
  if (arguments.size() == 3) {
    const auto place = Place(text, arguments[2].AsInt());
    if (!place) return OutOfRange(context, arguments[2].AsInt());
    from = *place;
  }
  return PlaceOrNone(text, text.find(arguments[1].AsText(), from));
}

Value LastIndexOf(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText();
  if (!ChargeSearch(context, text, arguments[1].AsText())) return Value::Int(-1);
  std::size_t from = text.size();
  if (arguments.size() == 3) {
    const auto place = Place(text, arguments[2].AsInt());
    if (!place) return OutOfRange(context, arguments[2].AsInt());
    from = *place;
  }
  return PlaceOrNone(text, text.rfind(arguments[1].AsText(), from));
}

Value Substring(CallContext& context, Arguments arguments) {
  const std::string_view text = Traversed(context, arguments[0]);
  const auto begin = Place(text, arguments[1].AsInt());
  if (!begin) return OutOfRange(context, arguments[1].AsInt());
  std::size_t end = text.size();
  if (arguments.size() == 3) {
    const auto place = Place(text, arguments[2].AsInt());
    if (!place) return OutOfRange(context, arguments[2].AsInt());
    end = *place;
  }
  if (end < *begin)
    return context.Fail("substring(" + std::to_string(arguments[1].AsInt()) + ", " +
                        std::to_string(arguments[2].AsInt()) + ") ends before it begins");
  return Value::String(text.substr(*begin, end - *begin));
}

template <char kFirst, char kLast, int kShift>
Value Shifted(CallContext& context, Arguments arguments) {
  std::string text(arguments[0].AsText());
  for (char& c : text)
    if (c >= kFirst && c <= kLast) c = static_cast<char>(c + kShift);
  return context.Text(text);
}

// A count that is negative or missing means all.
std::size_t CountOf(Arguments arguments, std::size_t index) {
  if (arguments.size() <= index || arguments[index].AsInt() < 0)
    return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(arguments[index].AsInt());
}

// Where `part` is found from `at` on; an empty part is found before every character and at the end.
std::size_t NextPart(std::string_view text, std::string_view part, std::size_t at, bool first) {
  if (!part.empty() || first) return text.find(part, at);
  return at >= text.size() ? std::string_view::npos : at + ByteOffset(text.substr(at), 1);
}

Value Replace(CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].AsText();
  const std::string_view old = arguments[1].AsText(), replacement = arguments[2].AsText();
  if (!ChargeSearch(context, text, old)) return arguments[0];
  const std::size_t most = CountOf(arguments, 3);
  std::string out;
  std::size_t done = 0, found = 0;
  for (std::size_t count = 0; count < most; ++count) {
    found = NextPart(text, old, found, count == 0);
    if (found == std::string_view::npos) break;
    out.append(text, done, found - done).append(replacement);
    if (out.size() > kTextBytesMax) return context.Text(out);
    done = found + old.size();
    found = done;
  }
  return context.Text(out.append(text.substr(done)));
}

Value Split(CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].AsText();
  const std::string_view separator = arguments[1].AsText();
  if (!ChargeSearch(context, text, separator)) return arguments[0];
  const std::size_t most = CountOf(arguments, 2);
  Buffer<Value> parts(context.arena);
  while (most > 0 && parts.size() + 1 < most && context.meter.Charge(1)) {
    const std::size_t end = separator.empty() ? ByteOffset(text, 1) : text.find(separator);
    if (end == std::string_view::npos || (separator.empty() && end == text.size())) break;
    parts.Add(Value::String(text.substr(0, end)));
    text.remove_prefix(end + separator.size());
  }
  if (most > 0 && !(separator.empty() && text.empty())) parts.Add(Value::String(text));
  return Value::OfList(context.arena.New<ValueList>(parts.data(), parts.size()));
}

Value Join(CallContext& context, Arguments arguments) {
  const List& list = arguments[0].AsList();
  const std::string_view separator = arguments.size() == 2 ? arguments[1].AsText() : "";
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value item = list.At(i, context.arena);
    if (item.failed()) return item;
    if (!item.is(Kind::kString))
      return context.Fail("join() needs a list of strings, found an element of type " +
                          std::string(TypeName(item.kind())));
    if (i > 0) out += separator;
    out += item.AsText();
    if (!context.meter.Charge(1) || out.size() > kTextBytesMax) break;
  }
  return context.Text(out);
}

// The characters with the Unicode property White_Space, which strings.TrimSpace of Go removes.
bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Value Trim(CallContext& context, Arguments arguments) {
  const std::string_view text = Traversed(context, arguments[0]);
  std::size_t begin = text.size(), end = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = text.size() - rest.size();
    if (IsSpace(NextCodePoint(rest))) continue;
    begin = std::min(begin, at);
    end = text.size() - rest.size();
  }
  return Value::String(begin < end ? text.substr(begin, end - begin) : std::string_view());
}

Value Reverse(CallContext& context, Arguments arguments) {
  std::string out;
  const std::string_view text = arguments[0].AsText();
  out.reserve(text.size());
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    out.append(text, begin, end - begin);
    end = begin;
  }
  return context.Text(out);
}

constexpr Overload kFunctions[] = {
    {"size", "s:i", Size},
    {"size", "y:i", Size},
    {"size", "l:i", Size},
    {"size", "m:i", Size},
    {"size", "s.:i", Size},
    {"size", "y.:i", Size},
    {"size", "l.:i", Size},
    {"size", "m.:i", Size},
    {"contains", "s.s:b", Contains},
    {"startsWith", "s.s:b", StartsWith},
    {"endsWith", "s.s:b", EndsWith},
    {"matches", "s.s:b", Matches},
    {"matches", "ss:b", Matches},
    {"charAt", "s.i:s", CharAt},
    {"indexOf", "s.s:i", IndexOf},
    {"indexOf", "s.si:i", IndexOf},
    {"lastIndexOf", "s.s:i", LastIndexOf},
    {"lastIndexOf", "s.si:i", LastIndexOf},
    {"substring", "s.i:s", Substring},
    {"substring", "s.ii:s", Substring},
    {"lowerAscii", "s.:s", Shifted<'A', 'Z', 'a' - 'A'>},
    {"upperAscii", "s.:s", Shifted<'a', 'z', 'A' - 'a'>},
    {"replace", "s.ss:s", Replace},
    {"replace", "s.ssi:s", Replace},
    {"split", "s.s:L", Split},
    {"split", "s.si:L", Split},
    {"join", "l.:s", Join},
    {"join", "l.s:s", Join},
    {"trim", "s.:s", Trim},
    {"reverse", "s.:s", Reverse},
};

}  // namespace

std::span<const Overload> StringFunctions() {
  return kFunctions;
}

}  // namespace portolan::reconciler::cel
