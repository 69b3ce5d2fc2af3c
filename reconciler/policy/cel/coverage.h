#pragma once

#include <string>
#include <vector>

#include "reconciler/policy/cel/evaluate.h"

namespace portolan::reconciler::cel {

// A part of an expression that no evaluation has exercised.
struct Gap {
  std::uint32_t offset = 0;  // in bytes of the source
  std::string text;          // as written, on one line
  std::string missing;       // "is never true", "never decides"
};

// What many evaluations of one boolean expression have exercised: give it to each as the recorder.
// The whole must have been true and false, and each operand of && and || must have decided once: an
// operand of || by being true, one of && by being false. As evaluation goes from left to right and
// stops there, the operands before it had the neutral value then, so that the outcome was its doing
// (the independence of MC/DC, from one side). Not thread-safe.
class Coverage final : public Recorder {
 public:
  explicit Coverage(const Program& program);

  void Record(std::uint32_t node, const Value& value) override;
  // In the order of the source; empty: all is covered.
  std::vector<Gap> Gaps() const;

 private:
  struct Seen {
    bool yes = false;
    bool no = false;
  };

  Program program_;
  std::vector<Seen> seen_;  // by node
};

}  // namespace portolan::reconciler::cel
