#include "tests/reconciler/policy/cel/random_expression.h"

#include <array>

#include "reconciler/policy/cel/explain.h"
#include "reconciler/policy/cel/lint.h"
#include "reconciler/policy/cel/overload.h"
#include "reconciler/policy/cel/text.h"

namespace portolan::reconciler::cel {
namespace {

constexpr std::uint64_t kCostLimit = 5'000;
constexpr std::size_t kMemoryMax = 4 << 20;

template <std::size_t kSize>
std::string Pick(const std::array<const char*, kSize>& of, Random& random) {
  return of[random.Below(kSize)];
}

constexpr std::array kLeaves = {"0",
                                "1",
                                "-1",
                                "9223372036854775807",
                                "-9223372036854775808",
                                "1u",
                                "0u",
                                "18446744073709551615u",
                                "1.5",
                                "-0.0",
                                "1e308",
                                "''",
                                "'a'",
                                "'😀é'",
                                "b'\\xff'",
                                "true",
                                "false",
                                "null",
                                "[]",
                                "{}",
                                "x",
                                "l",
                                "m",
                                "s",
                                "d",
                                "int",
                                "string",
                                "timestamp('2026-07-20T10:00:00Z')",
                                "duration('1h')",
                                "range(0, 1000000000)",
                                "optional.none()",
                                "ip('10.0.0.1')",
                                "(0.0 / 0.0)",
                                "'a{1,9}*'",
                                "'%s %d %.3f'"};
constexpr std::array kOperators = {
    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"};
constexpr std::array kMacros = {"all", "exists", "exists_one", "filter", "map"};
constexpr std::array kPairMacros = {"all",           "exists",       "existsOne",
                                    "transformList", "transformMap", "transformMapEntry"};

std::string Call(Random& random, int depth) {
  const auto tables = FunctionTables();
  const auto table = tables[random.Below(tables.size())];
  const Overload& overload = table[random.Below(table.size())];
  std::string arguments;
  for (std::size_t i = overload.member ? 1 : 0; i < overload.count; ++i)
    arguments += (arguments.empty() ? "" : ", ") + RandomExpression(random, depth - 1);
  const std::string call = std::string(overload.name) + "(" + arguments + ")";
  return overload.member ? RandomExpression(random, depth - 1) + "." + call : call;
}

std::string MacroCall(Random& random, int depth) {
  const std::string range = RandomExpression(random, depth - 1);
  const std::string body = RandomExpression(random, depth - 1);
  if (random.Below(3) == 0) return range + "." + Pick(kPairMacros, random) + "(x, y, " + body + ")";
  if (random.Below(8) == 0) return "cel.bind(x, " + range + ", " + body + ")";
  return range + "." + Pick(kMacros, random) + "(x, " + body + ")";
}

// 1 to 3 expressions.
std::string Items(Random& random, int depth) {
  std::string items = RandomExpression(random, depth - 1);
  for (std::uint64_t i = random.Below(3); i > 0; --i)
    items += ", " + RandomExpression(random, depth - 1);
  return items;
}

// The variables of every random expression.
struct Variables {
  Environment environment;
  Arena arena;
  std::array<Value, 2> items = {Value::Int(3), Value::String("b")};
  ValueList list{items.data(), items.size()};
  std::array<MapEntry, 2> entries = {MapEntry{Value::Int(1), Value::String("one")},
                                     MapEntry{Value::String("k"), Value::Null()}};
  ValueMap map{entries.data(), entries.size()};
  std::array<Value, 5> values = {Value::Int(5), Value::OfList(&list), Value::OfMap(&map),
                                 Value::String("text"), Value::Double(2.5)};

  Variables() {
    environment.Declare("x", Type::Int());
    environment.Declare("l", Type::List(Type::Dyn()));
    environment.Declare("m", Type::Map(Type::Dyn(), Type::Dyn()));
    environment.Declare("s", Type::String());
    environment.Declare("d", Type::Dyn());
  }
};

std::string Broken(std::string_view source, const Variables& variables, bool check) {
  Problem problem;
  const auto program = Compile(source, variables.environment, {.check = check}, &problem);
  if (!program.ok())
    return problem.offset <= source.size() && !problem.message.empty() ? "" : "a bad problem";
  Arena arena;
  Explanation explanation(*program);
  const Evaluation result = Evaluate(*program, ValueBindings(variables.values), arena,
                                     {.cost_limit = kCostLimit, .recorder = &explanation});
  if (result.cost > kCostLimit) return "the cost limit was passed";
  if (arena.bytes() > kMemoryMax) return "much memory for a small cost";
  if (!result.ok() && (result.value.AsFailure().offset > source.size() ||
                       FailureText(*program, result.value.AsFailure()).empty()))
    return "an error without a place";
  if (TextOf(result.value, 100).size() > 110) return "a text over its limit";
  if (explanation.Render().empty()) return "no explanation";
  Lint(*program);
  return "";
}

}  // namespace

std::string RandomExpression(Random& random, int depth) {
  if (depth <= 0) return Pick(kLeaves, random);
  switch (random.Below(12)) {
    case 0:
    case 1:
    case 2:
      return "(" + RandomExpression(random, depth - 1) + " " + Pick(kOperators, random) + " " +
             RandomExpression(random, depth - 1) + ")";
    case 3:
    case 4:
    case 5:
      return Call(random, depth);
    case 6:
    case 7:
      return MacroCall(random, depth);
    case 8:
      return "[" + Items(random, depth) + "]";
    case 9:
      return "{" + RandomExpression(random, depth - 1) + ": " +
             RandomExpression(random, depth - 1) + "}";
    case 10:
      return RandomExpression(random, depth - 1) + (random.Below(2) == 0 ? "[" : "[?") +
             RandomExpression(random, depth - 1) + "]";
    default:
      return "(" + RandomExpression(random, depth - 1) + " ? " +
             RandomExpression(random, depth - 1) + " : " + RandomExpression(random, depth - 1) +
             ")" + (random.Below(2) == 0 ? ".k" : "");
  }
}

std::string Damaged(std::string text, Random& random) {
  for (std::uint64_t i = random.Below(4) + 1; i > 0 && !text.empty(); --i) {
    const std::size_t at = random.Below(text.size());
    switch (random.Below(4)) {
      case 0:
        text[at] = static_cast<char>(random.Next());
        break;
      case 1:
        text.erase(at, random.Below(4) + 1);
        break;
      case 2:
        text.insert(at, text.substr(at, random.Below(8)));
        break;
      default:
        std::swap(text[at], text[random.Below(text.size())]);
        break;
    }
  }
  return text;
}

std::string BrokenPromise(std::string_view source) {
  static const Variables kVariables;
  const std::string checked = Broken(source, kVariables, true);
  return checked.empty() ? Broken(source, kVariables, false) : checked;
}

}  // namespace portolan::reconciler::cel
