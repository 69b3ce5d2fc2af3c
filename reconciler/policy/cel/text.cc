#include "reconciler/policy/cel/text.h"

#include <charconv>
#include <cmath>

#include "reconciler/policy/cel/network.h"
#include "reconciler/policy/cel/time.h"
#include "reconciler/policy/cel/utf8.h"

// Values as messages and explanations show them: CEL's own notation, so that what is shown can be
// pasted into an expression, cut to a length.

namespace portolan::reconciler::cel {
namespace {

// Of what is shown to people.
constexpr int kDepthMax = 32;

void AppendEscaped(std::string& out, std::string_view text, bool bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (byte < 0x20 || byte == 0x7F || (bytes && byte >= 0x80))
      ((out += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
    else
      out += c;
  }
}

class Writer {
 public:
  explicit Writer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::string Take() {
    if (out_.size() <= bytes_max_) return std::move(out_);
    std::size_t end = bytes_max_;
    while (end > 0 && (static_cast<unsigned char>(out_[end]) & 0xC0) == 0x80) --end;
    return out_.substr(0, end) + "…";
  }

  void Write(const Value& value, int depth) {
    if (Full()) return;
    if (depth > kDepthMax) {
      out_ += "…";
      return;
    }
    switch (value.kind()) {
      case Kind::kString:
        WriteText("'", value.AsText(), false);
        return;
      case Kind::kBytes:
        WriteText("b'", value.AsText(), true);
        return;
      case Kind::kList:
        WriteList(value.AsList(), depth);
        return;
      case Kind::kMap:
        WriteMap(value.AsMap(), depth);
        return;
      case Kind::kOptional:
        if (value.AsOptional() == nullptr) {
          out_ += "optional.none()";
          return;
        }
        out_ += "optional.of(";
        Write(*value.AsOptional(), depth + 1);
        out_ += ")";
        return;
      default:
        out_ += Scalar(value);
    }
  }

 private:
  bool Full() const { return out_.size() > bytes_max_; }

  void WriteText(std::string_view open, std::string_view text, bool bytes) {
    out_ += open;
    // No more is escaped than can be shown: values may have megabytes.
    AppendEscaped(out_, text.substr(0, bytes_max_ + 1), bytes);
    out_ += '\'';
  }

  void WriteList(const List& list, int depth) {
    out_ += '[';
    for (std::size_t i = 0; i < list.size() && !Full(); ++i) {
      if (i > 0) out_ += ", ";
      Write(list.At(i, arena_), depth + 1);
    }
    out_ += ']';
  }

  void WriteMap(const Map& map, int depth) {
    class Entries final : public EntryVisitor {
     public:
      Entries(Writer& writer, int entry_depth) : writer_(writer), depth_(entry_depth) {}
      bool Visit(const Value& key, const Value& value) override {
        if (!first_) writer_.out_ += ", ";
        first_ = false;
        writer_.Write(key, depth_);
        writer_.out_ += ": ";
        writer_.Write(value, depth_);
        return !writer_.Full();
      }

     private:
      Writer& writer_;
      int depth_;
      bool first_ = true;
    };
    out_ += '{';
    Entries entries(*this, depth + 1);
    map.ForEach(true, entries, arena_);
    out_ += '}';
  }

  static std::string Scalar(const Value& value) {
    switch (value.kind()) {
      case Kind::kBool:
        return value.AsBool() ? "true" : "false";
      case Kind::kInt:
        return std::to_string(value.AsInt());
      case Kind::kUint:
        return std::to_string(value.AsUint()) + "u";
      case Kind::kDouble: {
        const std::string text = FormatDouble(value.AsDouble());
        return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
      }
      case Kind::kTimestamp:
        return "timestamp('" + FormatTimestamp(value.AsTime()) + "')";
      case Kind::kDuration:
        return "duration('" + FormatDurationText(value.AsTime()) + "')";
      case Kind::kType:
        return std::string(TypeName(value.AsType()));
      case Kind::kIp:
        return "ip('" + FormatIp(value.AsNetwork()) + "')";
      case Kind::kCidr:
        return "cidr('" + FormatCidr(value.AsNetwork()) + "')";
      case Kind::kError:
        return "«" + std::string(value.unset() ? "unset" : value.AsFailure().message) + "»";
      default:
        return "null";
    }
  }

  std::size_t bytes_max_;
  std::string out_;
  Arena arena_;
};

}  // namespace

std::string TextOf(const Value& value, std::size_t bytes_max) {
  Writer writer(bytes_max);
  writer.Write(value, 0);
  return writer.Take();
}

std::string QuotedText(std::string_view text) {
  std::string out = "'";
  AppendEscaped(out, text, false);
  return out + "'";
}

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const double size = std::abs(value);
  // As Go prints with %v: an exponent below 1e-4 and from 1e21 on.
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e21);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific);
  return {text, end.ptr};
}

}  // namespace portolan::reconciler::cel
