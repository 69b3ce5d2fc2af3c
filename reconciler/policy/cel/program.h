#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"
#include "reconciler/policy/cel/type.h"

namespace portolan::reconciler::cel {

class Zones;
struct Code;

constexpr std::size_t kSourceBytesMax = 16 * 1024;
constexpr int kNestingMax = 250;
constexpr std::size_t kNodesMax = 10'000;

struct CompileOptions {
  // Refuses what can never work against the declared variables. Without it only syntax is checked,
  // and an unknown name is an error of the evaluation that reaches it.
  bool check = true;
  // What the expression must yield; dyn for anything. A dyn expression passes.
  Type result = Type::Dyn();
  // Time zones by name, for getHours('Europe/Berlin') and its kin. It must outlive the program.
  // With nullptr an expression that gives a zone by name or by a variable does not compile.
  const Zones* zones = nullptr;
};

// A position in a source, for people: line and column count from 1, the column in bytes.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};
Position PositionOf(std::string_view source, std::uint32_t offset);

// What is wrong with an expression, or worth a look.
struct Problem {
  std::uint32_t offset = 0;  // in bytes
  std::string message;       // one sentence, without the position
};

// A compiled expression. Immutable, cheap to copy, thread-safe.
class Program {
 public:
  explicit Program(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

  std::string_view source() const;
  // Indexes in the Environment of the variables that the expression names, each once.
  const std::vector<std::uint32_t>& variables() const;
  const Type& type() const;
  const Code& code() const { return *code_; }  // for the files of this library

 private:
  std::shared_ptr<const Code> code_;
};

// Parses, resolves and checks. Errors: kInvalid, "1:37: no such field `plan.percnt`; did you mean
// `percent`?"; the same goes to `problem` when it is given. Linear in the source.
Result<Program> Compile(std::string_view source, const Environment& environment,
                        const CompileOptions& options = {}, Problem* problem = nullptr);

}  // namespace portolan::reconciler::cel
