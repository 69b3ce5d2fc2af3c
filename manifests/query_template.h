#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace portolan::manifests {

// Texts with placeholders in double braces: {{map}}, {{arm}} (stable or canary), {{digest}} (of the
// arm's version) and {{window}} (a duration, "1m30s"). "{{" means nothing else.
struct QueryValues {
  std::string map;
  std::string arm;
  std::string digest;
  std::string window;
};

// How a value is written where it stands.
enum class QueryQuoting {
  kPromQl,   // inside a quoted label value: '\', '"' and line ends are escaped
  kPercent,  // inside a URL: everything but unreserved characters is encoded
  kJson,     // inside a JSON string
};

// What is wrong with the placeholders of a text, or nothing.
struct PlaceholderProblem {
  std::string message;
  std::string hint;
};
std::optional<PlaceholderProblem> CheckPlaceholders(std::string_view text);

bool HasPlaceholder(std::string_view text, std::string_view name);

// The text with its placeholders filled in, once: a value is not looked into. Unknown ones stay as
// they are (CheckPlaceholders refuses them). O(text + values).
std::string FillPlaceholders(std::string_view text, const QueryValues& values,
                             QueryQuoting quoting);

}  // namespace portolan::manifests
