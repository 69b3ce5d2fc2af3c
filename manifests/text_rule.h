#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "manifests/decoder.h"

namespace re2 {
class RE2;
}

namespace portolan::manifests {

constexpr std::size_t kPatternBytesMax = 1'000;

// What a string must look like: its length in code points, an RE2 pattern (found anywhere in it, as
// JSON Schema has it; https://github.com/google/re2/wiki/Syntax), a format. Matching takes time
// linear in the text, whatever the pattern. Immutable after reading, hence thread-safe.
class TextRule {
 public:
  // Takes minLength, maxLength and pattern (and format, when `with_format`) from the decoder; wrong
  // ones are reported.
  void Read(MappingDecoder& decoder, bool with_format, Report& report);

  bool empty() const { return !min_length_ && !max_length_ && !pattern_ && format_.empty(); }
  // What is wrong with the text as "expected …", without what was found; empty when nothing is.
  std::string Explain(std::string_view text) const;
  // "a string of 1 to 20 characters"; "a string" without a rule on length.
  std::string Describe() const;

 private:
  std::optional<std::uint64_t> min_length_, max_length_;
  std::shared_ptr<const re2::RE2> pattern_;
  std::string format_;
};

}  // namespace portolan::manifests
