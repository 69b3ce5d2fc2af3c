#pragma once

#include <string>

#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

// The value as a literal of the language: 'text', 5u, 10.0, [1, 2], {'k': true},
// timestamp('…'). Cut to `bytes_max` bytes, then ending in "…". Looks at no more elements of a lazy
// list or map than it prints. An error is its message in «».
std::string TextOf(const Value& value, std::size_t bytes_max);

// A string as a literal in single quotes.
std::string QuotedText(std::string_view text);

// White space in one run becomes one space: an expression in a YAML block has line feeds.
std::string OnOneLine(std::string_view text);

// The shortest decimal that reads back as the same double: "0.1", "1e+21", "NaN", "-Infinity".
std::string FormatDouble(double value);

}  // namespace portolan::reconciler::cel
