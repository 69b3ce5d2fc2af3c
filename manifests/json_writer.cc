#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "manifests/value.h"

// RFC 8785 (JCS) but for integers: JCS writes every number as a double, which would make 2^53 + 1
// and 2^53 one value. Strings are escaped as ECMAScript does (section 3.2.2.2), doubles are the
// shortest text that reads back (3.2.2.3).

namespace portolan::manifests {
namespace {

constexpr double kExactIntegerMax = 9007199254740992;  // 2^53
// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20) leaves fixed notation below 1e-6.
constexpr int kFixedExponentMin = -6;

void AppendInt(std::int64_t value, std::string& out) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// "d[.ddd]e±x" without zeros that pad the exponent.
void AppendScientific(std::string_view digits, int exponent, std::string& out) {
  out += digits[0];
  if (digits.size() > 1) out.append(".").append(digits.substr(1));
  out += exponent < 0 ? "e-" : "e+";
  AppendInt(std::abs(exponent), out);
}

void AppendFixed(std::string_view digits, int exponent, std::string& out) {
  if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  out.append(digits.substr(0, whole)).append(".").append(digits.substr(whole));
}

// std::to_chars gives the shortest digits, as ECMAScript asks; only the layout around them
// differs.
void AppendDouble(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (std::abs(value) <= kExactIntegerMax && value == std::trunc(value))
    return AppendInt(static_cast<std::int64_t>(value), out);
  char text[40];
  const char* end =
      std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific).ptr;
  const char* mark = std::find(static_cast<const char*>(text), end, 'e');
  std::string digits(1, text[0]);
  if (mark > text + 1) digits.append(static_cast<const char*>(text) + 2, mark);
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  if (value < 0) out += '-';
  if (exponent < kFixedExponentMin || std::abs(value) > kExactIntegerMax)
    return AppendScientific(digits, exponent, out);
  AppendFixed(digits, exponent, out);
}

void AppendEscaped(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out.append("\\u00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
}

void AppendString(std::string_view text, std::string& out) {
  out += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(written, i - written));
    AppendEscaped(c, out);
    written = i + 1;
  }
  out.append(text.substr(written)).append("\"");
}

struct Layout {
  bool sort_keys = false;
  int indent = 0;
};

class Writer {
 public:
  Writer(const Layout& layout, std::string& out) : layout_(layout), out_(out) {}

  // Recursion is bounded: the parsers limit depth (kJsonDepthMax).
  void Write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        out_ += "null";
        return;
      case Value::Kind::kBool:
        out_ += value.as_bool() ? "true" : "false";
        return;
      case Value::Kind::kInt:
        return AppendInt(value.as_int(), out_);
      case Value::Kind::kDouble:
        return AppendDouble(value.as_double(), out_);
      case Value::Kind::kString:
        return AppendString(value.as_string(), out_);
      case Value::Kind::kArray:
        return WriteArray(value.as_array());
      case Value::Kind::kObject:
        return WriteObject(value.as_object());
    }
  }

 private:
  void WriteArray(const Value::Array& array) {
    out_ += '[';
    ++depth_;
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      BreakLine();
      Write(array[i]);
    }
    Close(array.empty(), ']');
  }

  void WriteObject(const Value::Object& object) {
    std::vector<const Value::Member*> members;
    members.reserve(object.size());
    for (const Value::Member& member : object) members.push_back(&member);
    if (layout_.sort_keys)
      // By bytes of UTF-8. JCS sorts by UTF-16 units, which differs above U+FFFF only; the
      // digest's definition (docs/manifest-spec.md) says bytes.
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return a->first < b->first; });
    out_ += '{';
    ++depth_;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out_ += ',';
      BreakLine();
      AppendString(members[i]->first, out_);
      out_ += layout_.indent > 0 ? ": " : ":";
      Write(members[i]->second);
    }
    Close(members.empty(), '}');
  }

  void Close(bool empty, char bracket) {
    --depth_;
    if (!empty) BreakLine();
    out_ += bracket;
  }

  void BreakLine() {
    if (layout_.indent > 0)
      out_.append("\n").append(static_cast<std::size_t>(layout_.indent * depth_), ' ');
  }

  const Layout layout_;
  std::string& out_;
  int depth_ = 0;
};

std::string Written(const Value& value, const Layout& layout) {
  std::string out;
  Writer(layout, out).Write(value);
  return out;
}

}  // namespace

std::string CanonicalJson(const Value& value) {
  return Written(value, {true, 0});
}

std::string WriteJson(const Value& value, int indent) {
  return Written(value, {false, indent});
}

}  // namespace portolan::manifests
