#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "reconciler/policy/cel/meter.h"
#include "reconciler/policy/cel/regex.h"
#include "reconciler/policy/cel/type.h"
#include "reconciler/policy/cel/zone.h"

namespace portolan::reconciler::cel {

// What a function may use besides its arguments.
struct CallContext {
  Arena& arena;
  Meter& meter;
  const Zones* zones;
  LastRegex& last_regex;
  const Regex* regex;  // the compiled literal pattern of this call, or nullptr

  Value Fail(std::string_view message) const { return MakeError(arena, message); }
  // Copies a built text; an error when it is longer than kTextBytesMax.
  Value Text(std::string_view text) const;
};

using Function = Value (*)(CallContext& context, std::span<const Value> arguments);

constexpr std::size_t kParametersMax = 5;

// A set of kinds, one bit each.
using KindMask = std::uint32_t;
constexpr KindMask MaskOf(Kind kind) {
  return KindMask{1} << static_cast<int>(kind);
}

// One form of a function. The signature names each parameter's kind by a letter, then the result's
// after a colon; a dot after the first makes it a member (`receiver.name(…)`); `+` repeats the
// last.
// b bool, i int, u uint, d double, n any number, s string, y bytes, t timestamp, D duration, l
// list, m map, T type, N null, o optional, I ip, C cidr, L list(string), * anything.
struct Overload {
  std::string_view name;
  bool member = false;
  bool variadic = false;
  std::uint8_t count = 0;
  std::array<KindMask, kParametersMax> parameters{};
  char result = '*';
  Function run = nullptr;

  constexpr Overload(std::string_view function, std::string_view signature, Function body)
      : name(function), run(body) {
    for (std::size_t i = 0; i < signature.size(); ++i) {
      if (signature[i] == ':') {
        result = signature[i + 1];
        return;
      }
      if (signature[i] == '.')
        member = true;
      else if (signature[i] == '+')
        variadic = true;
      else
        parameters[count++] = MaskOfLetter(signature[i]);
    }
  }

  bool TakesCount(std::size_t arguments) const {
    return arguments == count || (variadic && arguments > count);
  }
  KindMask Parameter(std::size_t i) const { return parameters[i < count ? i : count - 1u]; }
  Type ResultType() const;

 private:
  static constexpr KindMask MaskOfLetter(char letter) {
    switch (letter) {
      case 'b':
        return MaskOf(Kind::kBool);
      case 'i':
        return MaskOf(Kind::kInt);
      case 'u':
        return MaskOf(Kind::kUint);
      case 'd':
        return MaskOf(Kind::kDouble);
      case 'n':
        return MaskOf(Kind::kInt) | MaskOf(Kind::kUint) | MaskOf(Kind::kDouble);
      case 's':
        return MaskOf(Kind::kString);
      case 'y':
        return MaskOf(Kind::kBytes);
      case 't':
        return MaskOf(Kind::kTimestamp);
      case 'D':
        return MaskOf(Kind::kDuration);
      case 'l':
      case 'L':
        return MaskOf(Kind::kList);
      case 'm':
        return MaskOf(Kind::kMap);
      case 'T':
        return MaskOf(Kind::kType);
      case 'N':
        return MaskOf(Kind::kNull);
      case 'o':
        return MaskOf(Kind::kOptional);
      case 'I':
        return MaskOf(Kind::kIp);
      case 'C':
        return MaskOf(Kind::kCidr);
      default:
        return ~(MaskOf(Kind::kError));
    }
  }
};

std::span<const Overload> StringFunctions();
std::span<const Overload> TextFormFunctions();
std::span<const Overload> ConversionFunctions();
std::span<const Overload> MathFunctions();
std::span<const Overload> TimeFunctions();
std::span<const Overload> PortolanFunctions();
std::span<const Overload> OptionalFunctions();
std::span<const Overload> NetworkFunctions();

// All tables of the language, in the order in which they are documented.
std::span<const std::span<const Overload>> FunctionTables();

}  // namespace portolan::reconciler::cel
