#include <cmath>
#include <string>

#include "reconciler/policy/cel/evaluator.h"
#include "reconciler/policy/cel/text.h"

// Fields, indexes, literals and calls. "Absent" and "failed" are kept apart up to the last moment:
// has(), ?. and [?] turn the first into an answer, nothing turns the second.

namespace portolan::reconciler::cel {
namespace {

// cel-go's costs of creating a list and a map, so that limits mean the same here.
constexpr std::uint64_t kListCost = 10;
constexpr std::uint64_t kMapCost = 30;
constexpr std::size_t kKeyTextBytesMax = 64;

// The place in a list that a number names, or nothing when it is none.
// A double without a fraction is an index: JSON has only such numbers.
std::optional<std::size_t> PlaceOf(const Value& index, std::size_t size) {
  switch (index.kind()) {
    case Kind::kInt:
      if (index.AsInt() < 0 || static_cast<std::uint64_t>(index.AsInt()) >= size) return {};
      return static_cast<std::size_t>(index.AsInt());
    case Kind::kUint:
      if (index.AsUint() >= size) return {};
      return static_cast<std::size_t>(index.AsUint());
    case Kind::kDouble: {
      const double place = index.AsDouble();
      if (!(place >= 0) || place >= static_cast<double>(size) || std::trunc(place) != place)
        return {};
      return static_cast<std::size_t>(place);
    }
    default:
      return {};
  }
}

bool IsKey(const Value& value) {
  return value.is(Kind::kBool) || value.is(Kind::kInt) || value.is(Kind::kUint) ||
         value.is(Kind::kString);
}

}  // namespace

// Nothing found is no error yet: `?` and has() ask for just that.
std::optional<Value> Evaluator::Lookup(const Value& container, const Value& key) {
  if (container.is(Kind::kMap)) return container.AsMap().Find(key, arena_);
  if (container.is(Kind::kList)) {
    const auto place = PlaceOf(key, container.AsList().size());
    return place ? std::optional(container.AsList().At(*place, arena_)) : std::nullopt;
  }
  return Fail(TextOf(key, kKeyTextBytesMax) + " is looked for in a value of type " +
              std::string(TypeName(container.kind())) + ", which has no elements");
}

Value Evaluator::Found(const std::optional<Value>& found, bool optional, const Value& key) {
  if (found && found->failed()) return *found;
  if (optional) return found ? OptionalOf(*found) : Value::Optional(nullptr);
  return found ? *found : Fail("no such key or index: " + TextOf(key, kKeyTextBytesMax));
}

Value Evaluator::Select(const Node& node) {
  const Value operand = Eval(node.a);
  if (operand.failed()) return operand;
  const Value& name = code_.ast.constants[node.b];
  const bool inside = operand.is(Kind::kOptional);
  if (inside && operand.AsOptional() == nullptr) return operand;
  const Value container = inside ? *operand.AsOptional() : operand;
  if (!container.is(Kind::kMap))
    return Fail("a value of type " + std::string(TypeName(container.kind())) + " has no field `" +
                std::string(name.AsText()) + "`");
  return Found(container.AsMap().Find(name, arena_), inside || node.detail == kOptionalDetail,
               name);
}

Value Evaluator::Has(const Node& node) {
  Value operand = Eval(node.a);
  if (operand.failed()) return operand;
  if (operand.is(Kind::kOptional)) {
    if (operand.AsOptional() == nullptr) return Value::Bool(false);
    operand = *operand.AsOptional();
  }
  if (!operand.is(Kind::kMap))
    return Fail("has() looks for a field in a value of type " +
                std::string(TypeName(operand.kind())));
  return Value::Bool(operand.AsMap().Find(code_.ast.constants[node.b], arena_).has_value());
}

Value Evaluator::Index(const Node& node) {
  const Value operand = Eval(node.a);
  if (operand.failed()) return operand;
  const Value key = Eval(node.b);
  if (key.failed()) return key;
  const bool inside = operand.is(Kind::kOptional);
  if (inside && operand.AsOptional() == nullptr) return operand;
  return Found(Lookup(inside ? *operand.AsOptional() : operand, key),
               inside || node.detail == kOptionalDetail, key);
}

Value Evaluator::ListLiteral(const Node& node) {
  meter_.Charge(kListCost);
  Value* const items = arena_.NewArray<Value>(node.b);
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < node.b; ++i) {
    const NodeId child = code_.ast.children[node.a + i];
    const bool optional = code_.node(child).op == Op::kOptionalItem;
    Value item = Eval(optional ? code_.node(child).a : child);
    if (item.failed()) return item;
    if (optional) {
      if (!item.is(Kind::kOptional)) return Fail("`?` before an item needs an optional");
      if (item.AsOptional() == nullptr) continue;
      item = *item.AsOptional();
    }
    items[size++] = item;
  }
  return Value::OfList(arena_.New<ValueList>(items, size));
}

Value Evaluator::MapLiteral(const Node& node) {
  meter_.Charge(kMapCost);
  MapEntry* const entries = arena_.NewArray<MapEntry>(node.b / 2);
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < node.b; i += 2) {
    const Value key = Eval(code_.ast.children[node.a + i]);
    if (key.failed()) return key;
    if (!IsKey(key)) return Fail("no key of a map is of type " + std::string(TypeName(key.kind())));
    const NodeId child = code_.ast.children[node.a + i + 1];
    const bool optional = code_.node(child).op == Op::kOptionalItem;
    Value value = Eval(optional ? code_.node(child).a : child);
    if (value.failed()) return value;
    if (optional) {
      if (!value.is(Kind::kOptional)) return Fail("`?` before a key needs an optional value");
      if (value.AsOptional() == nullptr) continue;
      value = *value.AsOptional();
    }
    entries[size++] = {key, value};
  }
  const Map* const map = SortedMap(entries, size, arena_);
  return map != nullptr ? Value::OfMap(map) : Fail("the map has two equal keys");
}

Value Evaluator::Call(const Node& node) {
  constexpr std::size_t kInline = 6;
  // No function of ours takes more; variadic ones may.
  Value few[kInline];
  Value* const arguments = node.b <= kInline ? few : arena_.NewArray<Value>(node.b);
  for (std::uint32_t i = 0; i < node.b; ++i) {
    arguments[i] = Eval(code_.ast.children[node.a + i]);
    if (arguments[i].failed()) return arguments[i];
  }
  return Run(code_.ast.calls[node.c], {arguments, node.b});
}

Value Evaluator::Run(const CallSite& site, std::span<const Value> arguments) {
  // The first that fits: overloads of one name never accept the same kinds.
  for (const Overload* overload : site.candidates) {
    bool fits = overload->TakesCount(arguments.size());
    for (std::size_t i = 0; i < arguments.size() && fits; ++i)
      fits = (overload->Parameter(i) & MaskOf(arguments[i].kind())) != 0;
    if (!fits) continue;
    context_.regex = site.regex;
    return overload->run(context_, arguments);
  }
  const std::string name(code_.ast.Text(site.name));
  if (site.candidates.empty()) return Fail("no such function `" + name + "`");
  std::string kinds;
  for (const Value& argument : arguments)
    kinds += (kinds.empty() ? "" : ", ") + std::string(TypeName(argument.kind()));
  return Fail("`" + name + "` does not apply to (" + kinds + ")");
}

}  // namespace portolan::reconciler::cel
