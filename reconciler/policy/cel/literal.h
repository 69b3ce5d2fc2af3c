#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mapcore/base/result.h"

namespace portolan::reconciler::cel {

// The text that a string or bytes literal stands for; `literal` with prefix and quotes, as the
// lexer found it. Errors: kInvalid for an escape that does not exist, a surrogate, a code point
// over 10FFFF, \u in bytes.
Result<std::string> DecodeText(std::string_view literal);
// Whether the literal is written r'…'.
bool IsRaw(std::string_view literal);

// Numbers as literals and conversions read them: decimal, or hexadecimal after 0x. Nothing when the
// text is no number or out of range.
std::optional<std::int64_t> ReadInt(std::string_view text, bool negative);
std::optional<std::uint64_t> ReadUint(std::string_view text);
// Decimal with an optional sign and exponent; what is too small is 0, what is too large is nothing.
std::optional<double> ReadDouble(std::string_view text);

}  // namespace portolan::reconciler::cel
