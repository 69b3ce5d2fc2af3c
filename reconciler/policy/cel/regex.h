#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mapcore/base/result.h"

namespace portolan::reconciler::cel {

// What a compiled pattern may take: RE2 instructions. The patterns for personal data and secrets
// that policies carry have at most 280.
constexpr int kRegexProgramMax = 10'000;
// Bytes of a pattern that is not a literal.
constexpr std::size_t kDynamicRegexBytesMax = 256;

// A pattern in RE2 syntax: matching takes time linear in the text, whatever the pattern.
// Thread-safe.
class Regex {
 public:
  // Errors: kInvalid for a pattern that RE2 refuses (look-ahead, back-references), or whose program
  // is larger than kRegexProgramMax.
  static Result<std::unique_ptr<const Regex>> Compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // Whether the pattern is found anywhere in the text.
  bool FoundIn(std::string_view text) const;
  std::string_view pattern() const { return pattern_; }

 private:
  struct Rep;
  Regex(std::string_view pattern, std::unique_ptr<const Rep> rep);
  std::string pattern_;
  std::unique_ptr<const Rep> rep_;
};

// Remembers the pattern that was used last, so that a loop with one pattern compiles it once.
class LastRegex {
 public:
  // Valid until the next call. Errors: as Compile(); a pattern over kDynamicRegexBytesMax.
  Result<const Regex*> Get(std::string_view pattern);

 private:
  std::unique_ptr<const Regex> last_;
};

}  // namespace portolan::reconciler::cel
