#include "manifests/query_template.h"

#include <array>
#include <vector>

#include "manifests/diagnostic.h"
#include "mapcore/base/did_you_mean.h"

// Placeholders are few and fixed, and their values quoted for the language around them: PromQL and
// JSON strings escape alike here, a path in percent. A template language would let a query depend
// on more than the arm, and two arms be asked different things.

namespace portolan::manifests {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"map", "arm", "digest", "window"};

// One "{{name}}" from `begin` to `end` of a text; `end` is npos when it is not closed.
struct Placeholder {
  std::size_t begin;
  std::size_t end;
  std::string_view name;
};

std::optional<Placeholder> Next(std::string_view text, std::size_t from) {
  const std::size_t begin = text.find("{{", from);
  if (begin == text.npos) return std::nullopt;
  const std::size_t close = text.find("}}", begin + 2);
  if (close == text.npos) return Placeholder{begin, text.npos, {}};
  std::string_view name = text.substr(begin + 2, close - begin - 2);
  while (name.starts_with(' ')) name.remove_prefix(1);
  while (name.ends_with(' ')) name.remove_suffix(1);
  return Placeholder{begin, close + 2, name};
}

const std::string* ValueOf(const QueryValues& values, std::string_view name) {
  const std::array<const std::string*, 4> fields = {&values.map, &values.arm, &values.digest,
                                                    &values.window};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return fields[i];
  return nullptr;
}

bool Unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void AppendPercent(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out += '%';
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

// Values come from manifests and state, not from strangers, but a map's name may hold what is
// syntax to the language of a query.
void AppendQuoted(std::string& out, std::string_view value, QueryQuoting quoting) {
  for (const char c : value) {
    if (quoting == QueryQuoting::kPercent) {
      if (Unreserved(static_cast<unsigned char>(c))) {
        out += c;
      } else {
        AppendPercent(out, static_cast<unsigned char>(c));
      }
      continue;
    }
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

}  // namespace

std::optional<PlaceholderProblem> CheckPlaceholders(std::string_view text) {
  std::size_t from = 0;
  while (const auto found = Next(text, from)) {
    if (found->end == text.npos) return PlaceholderProblem{"\"{{\" without \"}}\"", ""};
    bool known = false;
    for (const std::string_view name : kNames) known = known || name == found->name;
    from = found->end;
    if (known) continue;
    return PlaceholderProblem{
        "unknown placeholder " + QuoteForMessage(found->name) +
            "; expected {{map}}, {{arm}}, {{digest}} or {{window}}",
        DidYouMean(found->name, std::vector<std::string_view>(kNames.begin(), kNames.end()))};
  }
  return std::nullopt;
}

bool HasPlaceholder(std::string_view text, std::string_view name) {
  std::size_t from = 0;
  while (const auto found = Next(text, from)) {
    if (found->end == text.npos) return false;
    if (found->name == name) return true;
    from = found->end;
  }
  return false;
}

// One pass: what a value brings is not looked into, so no value can name another one.
std::string FillPlaceholders(std::string_view text, const QueryValues& values,
                             QueryQuoting quoting) {
  std::string out;
  std::size_t from = 0;
  while (const auto found = Next(text, from)) {
    if (found->end == text.npos) break;
    out += text.substr(from, found->begin - from);
    if (const std::string* value = ValueOf(values, found->name)) {
      AppendQuoted(out, *value, quoting);
    } else {
      out += text.substr(found->begin, found->end - found->begin);
    }
    from = found->end;
  }
  out += text.substr(from);
  return out;
}

}  // namespace portolan::manifests
