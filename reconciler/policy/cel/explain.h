#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/policy/cel/evaluate.h"

namespace portolan::reconciler::cel {

// A sub-expression that was evaluated, and what came of it.
struct ExplainedValue {
  std::uint32_t offset = 0;  // in bytes of the source
  std::uint32_t length = 0;
  std::string text;   // as written, on one line
  std::string value;  // as a literal; the message in «» when it failed
};

constexpr std::size_t kExplainedBytesMax = 48;  // of one value

// Keeps the value of every sub-expression of one evaluation: give it to Evaluate() as the recorder,
// ask it afterwards. Of the body of a macro it keeps the element that was looked at last, which is
// the one that decided when an all() is false or an exists() true. Values are turned to text while
// the evaluation runs. Not thread-safe.
class Explanation final : public Recorder {
 public:
  explicit Explanation(const Program& program, std::size_t value_bytes_max = kExplainedBytesMax);

  void Record(std::uint32_t node, const Value& value) override;

  // In the order of the source, outer before inner; literals are left out.
  std::vector<ExplainedValue> Values() const;

  // The source with values under its operands, a caret under what decided, and for each all() or
  // exists() that an element decided the same for its body:
  //   plan.first || plan.percent <= params.maxPercent
  //   false      || 10.5         <= 10.0              ⇒ false
  //                              ^
  // An operand that was not evaluated is "·". A row ends at the
  // first && or || behind column 70. The text ends with a line feed.
  std::string Render() const;

 private:
  friend class ExplanationWriter;
  struct Seen {
    std::string text;
    Kind kind = Kind::kNull;
    bool truth = false;
  };

  Program program_;
  std::size_t value_bytes_max_;
  std::vector<std::optional<Seen>> seen_;  // by node
};

}  // namespace portolan::reconciler::cel
