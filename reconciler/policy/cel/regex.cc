#include "reconciler/policy/cel/regex.h"

#include <re2/re2.h>

// RE2 (https://github.com/google/re2/wiki/Syntax), as the specification asks: `matches` is
// unanchored.

namespace portolan::reconciler::cel {

struct Regex::Rep {
  re2::RE2 re;
};

Regex::Regex(std::string_view pattern, std::unique_ptr<const Rep> rep)
    : pattern_(pattern), rep_(std::move(rep)) {}
Regex::~Regex() = default;

Result<std::unique_ptr<const Regex>> Regex::Compile(std::string_view pattern) {
  re2::RE2::Options options;
  // RE2 matches in time linear in the text, whatever the pattern; memory is what a pattern could
  // take.
  options.set_max_mem(8 << 20);
  options.set_log_errors(false);
  auto rep = std::unique_ptr<const Rep>(
      new Rep{re2::RE2(re2::StringPiece(pattern.data(), pattern.size()), options)});
  if (!rep->re.ok())
    return Error{ErrorCode::kInvalid, "the pattern is not valid: " + rep->re.error()};
  if (rep->re.ProgramSize() > kRegexProgramMax)
    return Error{ErrorCode::kInvalid,
                 "the pattern is too large: " + std::to_string(rep->re.ProgramSize()) +
                     " instructions, at most " + std::to_string(kRegexProgramMax) + " are allowed"};
  return std::unique_ptr<const Regex>(new Regex(pattern, std::move(rep)));
}

bool Regex::FoundIn(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), rep_->re);
}

Result<const Regex*> LastRegex::Get(std::string_view pattern) {
  if (last_ != nullptr && last_->pattern() == pattern) return last_.get();
  // A pattern that the data brings is compiled anew whenever it changes, maybe for every key.
  if (pattern.size() > kDynamicRegexBytesMax)
    return Error{ErrorCode::kInvalid, "a pattern that is not a literal may have " +
                                          std::to_string(kDynamicRegexBytesMax) +
                                          " bytes, it has " + std::to_string(pattern.size())};
  PORTOLAN_TRY(last_, Regex::Compile(pattern));
  return last_.get();
}

}  // namespace portolan::reconciler::cel
