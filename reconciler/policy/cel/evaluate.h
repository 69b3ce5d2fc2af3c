#pragma once

#include <functional>
#include <span>

#include "reconciler/policy/cel/program.h"
#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

// The values of the variables. Asked at most once for each variable of an evaluation, and only when
// the evaluation reaches it.
class Bindings {
 public:
  // `variable` is its index in the Environment. May return an error value, which then is the result
  // of naming the variable. What it needs to build goes to the arena.
  virtual Value Find(std::uint32_t variable, Arena& arena) const = 0;

 protected:
  ~Bindings() = default;
};

// Values in the order of declaration.
class ValueBindings final : public Bindings {
 public:
  explicit ValueBindings(std::span<const Value> values) : values_(values) {}
  Value Find(std::uint32_t variable, Arena&) const override { return values_[variable]; }

 private:
  std::span<const Value> values_;
};

// Sees every node that is evaluated, with its value, in the order of completion. A node in the body
// of a macro is seen once for each element.
class Recorder {
 public:
  virtual void Record(std::uint32_t node, const Value& value) = 0;

 protected:
  ~Recorder() = default;
};

constexpr std::uint64_t kCostLimitDefault = 1'000'000;
// How many nodes are evaluated between two calls of `expired`.
constexpr std::uint32_t kStepsBetweenChecks = 100;
// A string or bytes that an expression builds may be so long.
constexpr std::size_t kTextBytesMax = 16 * 1024 * 1024;

struct EvaluateOptions {
  std::uint64_t cost_limit = kCostLimitDefault;
  // Whether the time is up. May be empty.
  const std::function<bool()>* expired = nullptr;
  Recorder* recorder = nullptr;
};

// The result of an evaluation. `value` may be an error value; it borrows from the arena, the
// program and what the bindings gave.
struct Evaluation {
  Value value;
  std::uint64_t cost = 0;

  bool ok() const { return !value.failed(); }
};

// Evaluates with what `bindings` answer. Never fails by itself: an error is a value that says
// where. A program that only computes with scalars allocates nothing on the heap. Thread-safe for
// different arenas.
Evaluation Evaluate(const Program& program, const Bindings& bindings, Arena& arena,
                    const EvaluateOptions& options = {});

// "no such key `x` at 1:37": the failure with its position in the program's source.
std::string FailureText(const Program& program, const Failure& failure);

}  // namespace portolan::reconciler::cel
