#include "reconciler/policy/cel/check.h"

#include <algorithm>
#include <utility>

#include "reconciler/policy/cel/checker.h"
#include "reconciler/policy/cel/did_you_mean.h"
#include "reconciler/policy/cel/operators.h"

// The checker both types and rewrites: names become slots and indexes of variables, calls their
// candidates, constant patterns compiled ones, so that an evaluation looks nothing up. Typing is
// gradual (cel-spec, "Gradual Type Checking"): dyn fits everywhere, and what is only known at run
// time is tested there again.

namespace portolan::reconciler::cel {
namespace {

std::optional<Kind> KindOfTypeName(std::string_view name) {
  for (int i = static_cast<int>(Kind::kNull); i < kKindCount; ++i)
    if (TypeName(static_cast<Kind>(i)) == name) return static_cast<Kind>(i);
  return std::nullopt;
}

std::string Quoted(std::string_view text) {
  return "`" + std::string(text) + "`";
}

Type TypeOf(const Value& constant) {
  switch (constant.kind()) {
    case Kind::kList:
      return Type::List(Type::Dyn());
    default:
      return Type::Scalar(constant.kind());
  }
}

bool MayBeKey(const Type& type) {
  return type.MayBe(Kind::kString) || type.MayBe(Kind::kInt) || type.MayBe(Kind::kUint) ||
         type.MayBe(Kind::kBool) || type.MayBe(Kind::kDouble);
}

}  // namespace

Type Checker::Fail(std::uint32_t offset, std::string message) {
  if (!failed_) problem_ = {offset, std::move(message)};
  failed_ = true;
  return Type::Dyn();
}

// Without `check` an error is one of the evaluation, as the specification wants for unchecked
// expressions: it may stand in a branch that is never taken.
Type Checker::Refuse(std::uint32_t offset, std::string message) {
  return options_.check ? Fail(offset, std::move(message)) : Type::Dyn();
}

// The node becomes its own failure.
void Checker::Postpone(NodeId id, std::string message) {
  Node& node = code_.ast.nodes[id];
  node.op = Op::kFail;
  node.a = static_cast<std::uint32_t>(code_.ast.constants.size());
  code_.ast.constants.push_back(Value::String(code_.ast.arena.Copy(message)));
}

const Value* Checker::ConstantOf(NodeId id) const {
  const Node& node = code_.node(id);
  return node.op == Op::kConst ? &code_.ast.constants[node.a] : nullptr;
}

Type Checker::Visit(NodeId id) {
  if (failed_) return Type::Dyn();
  const Type type = Dispatch(id);
  return options_.check ? type : Type::Dyn();
}

Type Checker::Dispatch(NodeId id) {
  const Node node = code_.node(id);
  switch (node.op) {
    case Op::kConst:
      return TypeOf(code_.ast.constants[node.a]);
    case Op::kIdent:
      return Ident(id);
    case Op::kSelect:
    case Op::kHas:
      return Field(id);
    case Op::kIndex:
      return Index(node);
    case Op::kNot:
      ExpectBool(node.a, "`!`");
      return Type::Bool();
    case Op::kNegate: {
      const Type type = Visit(node.a);
      if (!type.MayBe(Kind::kInt) && !type.MayBe(Kind::kDouble))
        return Refuse(node.mark, "`-` does not apply to " + type.ToString());
      return type;
    }
    case Op::kAnd:
    case Op::kOr:
      return Logical(node);
    case Op::kConditional:
      return Conditional(node);
    case Op::kList:
      return ListLiteral(id);
    case Op::kMap:
      return MapLiteral(node);
    case Op::kOptionalItem: {
      const Type type = Visit(node.a);
      if (!type.MayBe(Kind::kOptional))
        return Refuse(node.mark, "`?` needs an optional, found " + type.ToString());
      return type.element();
    }
    case Op::kCall:
      return Call(id);
    case Op::kMacro:
      return MacroCall(node);
    case Op::kFail:
    case Op::kVariable:
    case Op::kLocal:
      return Type::Dyn();
    default:
      return Binary(node);
  }
}

// From the inside out: an inner variable hides an outer one.
const Checker::Local* Checker::FindLocal(std::string_view name) const {
  for (auto local = locals_.rbegin(); local != locals_.rend(); ++local)
    if (local->name == name) return &*local;
  return nullptr;
}

std::optional<Type> Checker::Named(NodeId id, std::string_view name) {
  Node& node = code_.ast.nodes[id];
  if (const cel::Field* variable = environment_.Find(name)) {
    const std::uint32_t index = environment_.IndexOf(*variable);
    auto& used = code_.variables;
    const auto found = std::find(used.begin(), used.end(), index);
    node.op = Op::kVariable;
    node.a = static_cast<std::uint32_t>(found - used.begin());
    if (found == used.end()) used.push_back(index);
    return variable->type;
  }
  if (const auto kind = KindOfTypeName(name)) {
    node.op = Op::kConst;
    node.detail = 0;
    node.a = static_cast<std::uint32_t>(code_.ast.constants.size());
    code_.ast.constants.push_back(Value::Type(*kind));
    return Type::Scalar(Kind::kType);
  }
  return std::nullopt;
}

Type Checker::Ident(NodeId id) {
  Node& node = code_.ast.nodes[id];
  const std::string_view name = code_.ast.Text(node.a);
  const Local* const local = node.detail == kRootedDetail ? nullptr : FindLocal(name);
  if (local != nullptr) {
    node.op = Op::kLocal;
    node.a = local->slot;
    return local->type;
  }
  if (const auto type = Named(id, name)) return *type;
  std::vector<std::string_view> names;
  for (const cel::Field& variable : environment_.variables()) names.push_back(variable.name);
  for (const Local& other : locals_) names.push_back(other.name);
  const std::string message = "no such variable " + Quoted(name) + DidYouMean(name, names);
  const std::uint32_t mark = node.mark;
  Postpone(id, message);
  return Refuse(mark, message);
}

std::optional<std::string> Checker::QualifiedName(NodeId id) const {
  const Node& node = code_.node(id);
  if (node.op == Op::kIdent) return std::string(code_.ast.Text(node.a));
  if (node.op != Op::kSelect || node.detail != 0) return std::nullopt;
  auto name = QualifiedName(node.a);
  if (name) *name += "." + std::string(code_.ast.Text(node.b));
  return name;
}

bool Checker::RootIsLocal(NodeId id) const {
  const Node* node = &code_.node(id);
  while (node->op == Op::kSelect) node = &code_.node(node->a);
  return node->op == Op::kIdent && node->detail != kRootedDetail &&
         FindLocal(code_.ast.Text(node->a)) != nullptr;
}

// `a.b.c` may be one name with dots, or fields of `a`: the longest name that is declared wins
// (cel-spec, "Name Resolution"), unless `a` is a macro's variable.
std::optional<Type> Checker::Qualified(NodeId id) {
  if (RootIsLocal(id)) return std::nullopt;
  const auto name = QualifiedName(id);
  return name ? Named(id, *name) : std::nullopt;
}

Type Checker::Field(NodeId id) {
  if (code_.node(id).op == Op::kSelect) {
    if (const auto type = Qualified(id)) return *type;
  }
  const Node node = code_.node(id);
  const Type operand = Visit(node.a);
  if (failed_) return Type::Dyn();
  const bool optional = operand.shape() == Type::Shape::kOptional;
  const Type type = FieldOf(node, optional ? operand.element() : operand);
  if (node.op == Op::kHas) return Type::Bool();
  return optional || node.detail == kOptionalDetail ? Type::Optional(type) : type;
}

Type Checker::FieldOf(const Node& node, const Type& operand) {
  const std::string_view name = code_.ast.Text(node.b);
  switch (operand.shape()) {
    case Type::Shape::kDyn:
      return Type::Dyn();
    case Type::Shape::kMap:
      if (operand.key().MayBe(Kind::kString)) return operand.element();
      break;
    case Type::Shape::kObject: {
      if (const cel::Field* field = operand.object()->Find(name)) return field->type;
      std::vector<std::string_view> names;
      for (const cel::Field& field : operand.object()->fields) names.push_back(field.name);
      return Refuse(node.mark, "no such field " +
                                   Quoted(SourceOf(node.a) + "." + std::string(name)) +
                                   DidYouMean(name, names));
    }
    default:
      break;
  }
  return Refuse(node.mark, Quoted(SourceOf(node.a)) + " is " + operand.ToString() +
                               " and has no field " + Quoted(name));
}

Type Checker::Index(const Node& node) {
  Type operand = Visit(node.a);
  const Type index = Visit(node.b);
  if (failed_) return Type::Dyn();
  const bool inside = operand.shape() == Type::Shape::kOptional;
  if (inside) operand = operand.element();
  Type result = operand.element();
  if (operand.MayBe(Kind::kList) && !operand.dyn()) {
    if (!index.MayBe(Kind::kInt) && !index.MayBe(Kind::kUint) && !index.MayBe(Kind::kDouble))
      return Refuse(node.mark, "a list is indexed by an int, found " + index.ToString());
  } else if (operand.MayBe(Kind::kMap) && !operand.dyn()) {
    if (!MayBeKey(index))
      return Refuse(node.mark, "no key of a map is of type " + index.ToString());
  } else if (!operand.dyn()) {
    return Refuse(node.mark, Quoted(SourceOf(node.a)) + " is " + operand.ToString() +
                                 " and cannot be indexed");
  }
  return inside || node.detail == kOptionalDetail ? Type::Optional(std::move(result)) : result;
}

void Checker::ExpectBool(NodeId id, std::string_view where) {
  const Type type = Visit(id);
  if (!type.MayBe(Kind::kBool))
    Refuse(code_.node(id).offset, std::string(where) + " needs a bool, found " + type.ToString());
}

Type Checker::Binary(const Node& node) {
  const Type left = Visit(node.a);
  const Type right = Visit(node.b);
  if (failed_) return Type::Dyn();
  const auto type = OperatorType(node.op, left, right);
  if (type) return *type;
  const std::string sign(Sign(node.op));
  if (node.op == Op::kIn)
    return Refuse(node.mark, "`in` needs a list or a map on its right, found " + right.ToString());
  const bool numbers =
      left.ToString() != right.ToString() && OperatorType(Op::kLess, left, right).has_value();
  return Refuse(node.mark, "`" + sign + "` does not apply to " + left.ToString() + " and " +
                               right.ToString() +
                               (numbers ? "; convert one of them, as in double(x)" : ""));
}

Type Checker::Logical(const Node& node) {
  for (const NodeId child : Children(node)) ExpectBool(child, Quoted(Sign(node.op)));
  return Type::Bool();
}

Type Checker::Conditional(const Node& node) {
  ExpectBool(node.a, "the condition before `?`");
  const Type yes = Visit(node.b);
  return Join(yes, Visit(node.c));
}

Type Checker::ListLiteral(NodeId id) {
  const Node node = code_.node(id);
  std::optional<Type> element;
  bool constant = true;
  for (const NodeId child : Children(node)) {
    const Type type = Visit(child);
    element = element ? Join(*element, type) : type;
    constant = constant && ConstantOf(child) != nullptr;
  }
  if (constant && !failed_) {
    Arena& arena = code_.ast.arena;
    Value* const items = arena.NewArray<Value>(node.b);
    for (std::size_t i = 0; i < node.b; ++i) items[i] = *ConstantOf(Children(node)[i]);
    Node& list = code_.ast.nodes[id];
    list.op = Op::kConst;
    list.a = static_cast<std::uint32_t>(code_.ast.constants.size());
    code_.ast.constants.push_back(Value::OfList(arena.New<ValueList>(items, node.b)));
  }
  return Type::List(element.value_or(Type::Dyn()));
}

Type Checker::MapLiteral(const Node& node) {
  std::optional<Type> key, value;
  for (std::size_t i = 0; i < node.b; i += 2) {
    const NodeId key_node = Children(node)[i];
    const Type key_type = Visit(key_node);
    if (!MayBeKey(key_type) || (!key_type.dyn() && key_type.kind() == Kind::kDouble))
      return Refuse(code_.node(key_node).offset,
                    "a key is a string, an int, a uint or a bool, found " + key_type.ToString());
    const Type value_type = Visit(Children(node)[i + 1]);
    key = key ? Join(*key, key_type) : key_type;
    value = value ? Join(*value, value_type) : value_type;
  }
  return Type::Map(key.value_or(Type::Dyn()), value.value_or(Type::Dyn()));
}

bool Check(Code& code, const Environment& environment, const CompileOptions& options,
           Problem& problem) {
  Checker checker(code, environment, options);
  code.type = checker.Visit(code.ast.root);
  code.zones = options.zones;
  if (!checker.failed() && options.check && !options.result.dyn() &&
      !code.type.MayBe(options.result.kind())) {
    problem = {0, "the expression must yield a " + options.result.ToString() + ", it yields a " +
                      code.type.ToString()};
    return false;
  }
  problem = checker.problem();
  return !checker.failed();
}

}  // namespace portolan::reconciler::cel
