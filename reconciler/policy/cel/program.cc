#include "reconciler/policy/cel/program.h"

#include <algorithm>

#include "reconciler/policy/cel/check.h"
#include "reconciler/policy/cel/parser.h"

// Parse, then check: a Program is immutable and shared by all evaluations, which keep their state
// in an arena of their own.

namespace portolan::reconciler::cel {

Position PositionOf(std::string_view source, std::uint32_t offset) {
  const std::string_view before = source.substr(0, std::min<std::size_t>(offset, source.size()));
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1,
          before.size() - line_start + 1};
}

std::string_view Program::source() const {
  return code_->source;
}

const std::vector<std::uint32_t>& Program::variables() const {
  return code_->variables;
}

const Type& Program::type() const {
  return code_->type;
}

Result<Program> Compile(std::string_view source, const Environment& environment,
                        const CompileOptions& options, Problem* problem) {
  auto code = std::make_shared<Code>();
  code->source = source;
  Problem found;
  if (!Parse(code->source, code->ast, found) || !Check(*code, environment, options, found)) {
    if (problem != nullptr) *problem = found;
    const Position position = PositionOf(source, found.offset);
    return Error{ErrorCode::kInvalid, std::to_string(position.line) + ":" +
                                          std::to_string(position.column) + ": " + found.message};
  }
  return Program(std::move(code));
}

}  // namespace portolan::reconciler::cel
