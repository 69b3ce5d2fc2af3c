#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reconciler/policy/cel/value.h"

namespace portolan::reconciler::cel {

// A node's index in Ast::nodes. Children come before their parents.
using NodeId = std::uint32_t;
constexpr NodeId kNoNode = 0xFFFFFFFF;

// What a node does; a, b, c are children unless said otherwise. "Constant" means an index into
// Ast::constants.
enum class Op : std::uint8_t {
  kConst,     // a: constant
  kFail,      // a: constant, the message of the error that evaluating it is
  kIdent,     // a: constant, the name; only before the checker resolves it
  kVariable,  // a: index into Code::variables
  kLocal,     // a: slot of a macro's variable
  kSelect,    // a.b with b: constant, the field's name; detail: kOptional for a.?b
  kHas,       // has(a.b) likewise
  kIndex,     // a[b]; detail: kOptional for a[?b]
  kNot,
  kNegate,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,            // a in b
  kAnd,           // a: first of b entries in Ast::children
  kOr,            // likewise
  kConditional,   // a ? b : c
  kList,          // a: first of b entries in Ast::children
  kMap,           // likewise: keys and values in turn
  kOptionalItem,  // the item ?a of a list, or the value of an entry ?key: a
  kCall,          // a: first of b entries in Ast::children; c: index into Ast::calls
  kMacro,         // a: index into Ast::macros
};

constexpr std::uint8_t kOptionalDetail = 1;
constexpr std::uint8_t kRootedDetail = 2;  // of kIdent: `.name`, which skips macro variables
constexpr std::uint8_t kRawDetail = 4;     // of kConst: written as r'…'

struct Node {
  Op op;
  std::uint8_t detail = 0;
  std::uint32_t offset = 0;  // of the text, in bytes
  std::uint32_t end = 0;
  std::uint32_t mark = 0;  // where a person should look: of an operator or a name
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
};

enum class MacroKind : std::uint8_t {
  kAll,
  kExists,
  kExistsOne,
  kFilter,
  kMap,  // map(x, body), map(x, filter, body), transformList
  kTransformMap,
  kTransformMapEntry,
  kBind,
  kOptionalMap,
  kOptionalFlatMap,
};

// A comprehension: what it runs over and what it evaluates for each element.
struct Macro {
  MacroKind kind;
  bool two_variables = false;       // index or key, and value
  std::uint32_t names[2] = {0, 0};  // constants
  std::uint32_t slot = 0;           // of the first variable; the second follows
  NodeId range = kNoNode;           // of kBind: the bound value
  NodeId filter = kNoNode;
  NodeId body = kNoNode;
};

struct Overload;
class Regex;

// A call as written, and what it may run.
struct CallSite {
  std::uint32_t name = 0;  // constant
  bool member = false;     // the first argument stands before the dot
  std::vector<const Overload*> candidates;
  const Regex* regex = nullptr;  // of matches() with a literal pattern
};

// An expression as a flat array of nodes.
struct Ast {
  std::vector<Node> nodes;
  std::vector<NodeId> children;
  std::vector<Value> constants;
  std::vector<Macro> macros;
  std::vector<CallSite> calls;
  NodeId root = kNoNode;
  std::uint32_t slots = 0;  // that macros need at once
  Arena arena;              // owns the texts of constants

  std::string_view Text(std::uint32_t constant) const { return constants[constant].AsText(); }
};

}  // namespace portolan::reconciler::cel
