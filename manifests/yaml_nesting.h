#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace portolan::manifests {

// Finds flow collections of YAML, "[...]" and "{...}", that are nested too deep, before they are
// parsed. yaml-cpp 0.7 keeps every token behind a bracket that may still begin a key and gives no
// event until that bracket is closed: 230 bytes of memory for each "[" of the text. From a place
// between two tokens, which only the parser knows, this follows the text to the next scalar that is
// not quoted, or through a flow collection to its end. It never guesses: in block context brackets
// may be text.
class YamlNesting {
 public:
  // Borrows `text`, which must outlive it: UTF-8 without BOM.
  YamlNesting(std::string_view text, int depth_max) : text_(text), depth_max_(depth_max) {}

  // The first bracket that is the beginning of a node and has `depth_max` others open around it, in
  // what follows the scanner's place. The scanner is between two tokens and has taken `taken`
  // bytes, the last of which it has only looked at. Amortised O(1) per byte.
  std::optional<std::size_t> FindTooDeep(std::size_t taken);

 private:
  bool At(std::size_t offset, std::string_view characters) const;
  bool AtLineStart(std::size_t offset) const;
  std::size_t LastSeen(std::size_t taken) const;
  std::size_t SkipBlock(std::size_t begin) const;
  std::optional<std::size_t> SkipFlow();
  std::size_t PlainEnd(std::size_t begin) const;

  const std::string_view text_;
  const int depth_max_;
  std::size_t followed_ = 0;  // all before is known
};

// The offset of the quote that closes the one at `open`, or npos.
// YAML 1.2.2 sections 7.3.1 and 7.3.2: a double-quoted text escapes by a backslash, a
// single-quoted one doubles its quote.
std::size_t ClosingQuote(std::string_view text, std::size_t open);

}  // namespace portolan::manifests
