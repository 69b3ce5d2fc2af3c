#include "manifests/yaml_nesting.h"

#include <algorithm>

// The rules are those of yaml-cpp's scanner (Exp:: in its exp.h), where it differs from YAML too:
// in doubt a bracket is not counted. What both would refuse may be told apart wrongly here; it is
// refused either way.

namespace portolan::manifests {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kFlow = ",[]{}";
constexpr std::size_t kMarkerSize = 3;  // of --- and ...

// Where a tag, an anchor or an alias ends. A quote ends a tag only.
std::size_t PropertyEnd(std::string_view text, std::size_t begin) {
  if (text.substr(begin).starts_with("!<")) {
    const std::size_t close = text.find('>', begin);
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  const std::string_view ends = text[begin] == '!' ? " \t\r\n,[]{}\"" : " \t\r\n,[]{}";
  return std::min(text.find_first_of(ends, begin), text.size());
}

std::size_t QuotedEnd(std::string_view text, std::size_t open) {
  const std::size_t close = ClosingQuote(text, open);
  return close == std::string_view::npos ? text.size() : close + 1;
}

std::size_t CommentEnd(std::string_view text, std::size_t begin) {
  return std::min(text.find('\n', begin), text.size());
}

}  // namespace

std::size_t ClosingQuote(std::string_view text, std::size_t open) {
  const char quote = text[open];
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return i;
      ++i;
    }
  }
  return std::string_view::npos;
}

std::optional<std::size_t> YamlNesting::FindTooDeep(std::size_t taken) {
  const std::size_t place = LastSeen(taken);
  if (place < followed_) return std::nullopt;
  followed_ = SkipBlock(place);
  while (At(followed_, "[{")) {
    if (const auto too_deep = SkipFlow()) return too_deep;
    followed_ = SkipBlock(followed_);
  }
  return std::nullopt;
}

// False behind the end.
bool YamlNesting::At(std::size_t offset, std::string_view characters) const {
  return offset < text_.size() && characters.find(text_[offset]) != std::string_view::npos;
}

bool YamlNesting::AtLineStart(std::size_t offset) const {
  return offset == 0 || text_[offset - 1] == '\n';
}

// The byte that the scanner looked at last. In search of --- and ... it looks up to three bytes
// ahead at the start of a line: then the line's start, since a plain scalar may begin there.
std::size_t YamlNesting::LastSeen(std::size_t taken) const {
  const std::size_t last = std::min(taken, text_.size()) - (taken == 0 ? 0 : 1);
  std::size_t begin = last;
  while (begin > 0 && last - begin < kMarkerSize && At(begin - 1, "-.")) --begin;
  return AtLineStart(begin) ? begin : last;
}

// The end of what is no unquoted scalar and no flow collection, in block context.
std::size_t YamlNesting::SkipBlock(std::size_t begin) const {
  std::size_t i = begin;
  while (i < text_.size()) {
    const std::string_view marker = text_.substr(i, kMarkerSize);
    if (At(i, kBlank)) {
      ++i;
    } else if (text_[i] == '#') {
      i = CommentEnd(text_, i);
    } else if (At(i, "\"'")) {
      i = QuotedEnd(text_, i);
    } else if (At(i, "-?:") && At(i + 1, kBlank)) {
      ++i;
    } else if (AtLineStart(i) && (marker == "---" || marker == "...") &&
               At(i + kMarkerSize, kBlank)) {
      i += kMarkerSize;
    } else if (At(i, "!&*") && At(PropertyEnd(text_, i), kBlank)) {
      i = PropertyEnd(text_, i);
    } else {
      break;
    }
  }
  return i;
}

// Follows the flow collection that begins here to its end, or that of the text.
std::optional<std::size_t> YamlNesting::SkipFlow() {
  int depth = 0;
  bool value_may_follow = false;  // behind a quoted scalar or a collection ':' needs no space
  while (followed_ < text_.size()) {
    const std::size_t at = followed_;
    const bool value_may_follow_here = value_may_follow;
    if (At(at, kBlank)) {
      ++followed_;
      continue;
    }
    value_may_follow = At(at, "\"']}");
    if (text_[at] == '#') {
      followed_ = CommentEnd(text_, at);
      value_may_follow = value_may_follow_here;
    } else if (At(at, "[{")) {
      if (depth++ == depth_max_) return at;
      ++followed_;
    } else if (At(at, "]}")) {
      ++followed_;
      if (--depth == 0) return std::nullopt;
    } else if (At(at, "\"'")) {
      followed_ = QuotedEnd(text_, at);
    } else if (At(at, "!&*")) {
      followed_ = std::max(PropertyEnd(text_, at), at + 1);
    } else if (text_[at] == ',' || (text_[at] == ':' && value_may_follow_here)) {
      ++followed_;
    } else {
      followed_ = PlainEnd(at);
    }
  }
  return std::nullopt;
}

// The end of a plain scalar in flow context, or of a ':' or '?' that stands alone.
std::size_t YamlNesting::PlainEnd(std::size_t begin) const {
  if (At(begin, ":?") && (At(begin + 1, kBlank) || At(begin + 1, kFlow))) return begin + 1;
  std::size_t i = begin + 1;
  for (; i < text_.size() && !At(i, kFlow); ++i) {
    if (text_[i] == ':' && (At(i + 1, kBlank) || At(i + 1, kFlow))) break;
    if (At(i, kBlank) && At(i + 1, "#")) break;
  }
  return i;
}

}  // namespace portolan::manifests
