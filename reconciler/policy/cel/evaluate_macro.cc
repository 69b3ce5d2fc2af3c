#include <string>

#include "reconciler/policy/cel/evaluator.h"
#include "reconciler/policy/cel/value_buffer.h"

// The loops of the language, and its only ones: each step is metered, and none can be longer than
// the data it goes over.

namespace portolan::reconciler::cel {
namespace {

template <typename Step>
class Visitor final : public EntryVisitor {
 public:
  explicit Visitor(Step& step) : step_(step) {}
  bool Visit(const Value& key, const Value& value) override { return step_(key, value); }

 private:
  Step& step_;
};

Value NotBool(Arena& arena, const Value& value) {
  return MakeError(
      arena, "the test of a macro needs a bool, found " + std::string(TypeName(value.kind())));
}

// Collects the entries of a map into a buffer.
class EntryCollector final : public EntryVisitor {
 public:
  explicit EntryCollector(Buffer<MapEntry>& entries) : entries_(entries) {}
  bool Visit(const Value& key, const Value& value) override {
    entries_.Add({key, value});
    return true;
  }

 private:
  Buffer<MapEntry>& entries_;
};

}  // namespace

// Calls `body` with the macro's variables set, for each element until it returns false. Returns an
// error when the range has no elements to go over, else null.
template <typename Body>
Value Evaluator::ForElements(const Macro& macro, const Value& range, Body body) {
  if (range.is(Kind::kList)) {
    const List& list = range.AsList();
    const std::size_t size = list.size();
    for (std::size_t i = 0; i < size; ++i) {
      if (!Step()) return halt_;
      const Value element = list.At(i, arena_);
      locals_[macro.slot] =
          macro.two_variables ? Value::Int(static_cast<std::int64_t>(i)) : element;
      if (macro.two_variables) locals_[macro.slot + 1] = element;
      if (!body() || halted_) break;
    }
    return Value::Null();
  }
  if (!range.is(Kind::kMap))
    return Fail("only a list or a map has elements to go over, found " +
                std::string(TypeName(range.kind())));
  auto entry = [&](const Value& key, const Value& value) {
    if (!Step()) return false;
    locals_[macro.slot] = key;
    if (macro.two_variables) locals_[macro.slot + 1] = value;
    return body() && !halted_;
  };
  Visitor<decltype(entry)> visitor(entry);
  range.AsMap().ForEach(macro.two_variables, visitor, arena_);
  return Value::Null();
}

Value Evaluator::MacroCall(const Node& node) {
  const Macro& macro = code_.ast.macros[node.a];
  const Value range = Eval(macro.range);
  if (range.failed()) return range;
  switch (macro.kind) {
    case MacroKind::kAll:
    case MacroKind::kExists:
      return Quantifier(macro, range);
    case MacroKind::kExistsOne:
      return ExistsOne(macro, range);
    case MacroKind::kFilter:
    case MacroKind::kMap:
      return Collect(macro, range);
    case MacroKind::kTransformMap:
    case MacroKind::kTransformMapEntry:
      return CollectMap(macro, range);
    case MacroKind::kBind:
      locals_[macro.slot] = range;
      return Eval(macro.body);
    default:
      return OptionalMacro(macro, range);
  }
}

// all and exists: an element that decides makes errors of others void.
Value Evaluator::Quantifier(const Macro& macro, const Value& range) {
  const bool decisive = macro.kind == MacroKind::kExists;
  Value result = Value::Bool(!decisive);
  const Value end = ForElements(macro, range, [&] {
    const Value value = Eval(macro.body);
    if (value.is(Kind::kBool)) {
      if (value.AsBool() != decisive) return true;
      result = value;
      return false;
    }
    if (!result.failed()) result = value.failed() ? value : NotBool(arena_, value);
    return true;
  });
  if (halted_) return halt_;
  return end.failed() ? end : result;
}

// Unlike exists an error is never void: how many pass is then not known.
Value Evaluator::ExistsOne(const Macro& macro, const Value& range) {
  Value failure;
  std::uint64_t count = 0;
  const Value end = ForElements(macro, range, [&] {
    const Value value = Eval(macro.body);
    if (value.is(Kind::kBool)) {
      count += value.AsBool() ? 1 : 0;
      return true;
    }
    failure = value.failed() ? value : NotBool(arena_, value);
    return false;
  });
  if (halted_) return halt_;
  if (end.failed()) return end;
  return failure.failed() ? failure : Value::Bool(count == 1);
}

std::optional<bool> Evaluator::Passes(const Macro& macro, Value& result) {
  if (macro.filter == kNoNode) return true;
  const Value value = Eval(macro.filter);
  if (value.is(Kind::kBool)) return value.AsBool();
  result = value.failed() ? value : NotBool(arena_, value);
  return std::nullopt;
}

Value Evaluator::Collect(const Macro& macro, const Value& range) {
  Buffer<Value> items(arena_);
  Value failure;
  const Value end = ForElements(macro, range, [&] {
    const auto passes = Passes(macro, failure);
    if (!passes) return false;
    if (!*passes) return true;
    // Of a filter over a map its key is collected, as in cel-go.
    const Value item = macro.kind == MacroKind::kFilter ? locals_[macro.slot] : Eval(macro.body);
    if (item.failed()) {
      failure = item;
      return false;
    }
    items.Add(item);
    return true;
  });
  if (halted_) return halt_;
  if (end.failed()) return end;
  if (failure.failed()) return failure;
  return Value::OfList(arena_.New<ValueList>(items.data(), items.size()));
}

Value Evaluator::CollectMap(const Macro& macro, const Value& range) {
  Buffer<MapEntry> entries(arena_);
  Value failure;
  const Value end = ForElements(macro, range, [&] {
    const auto passes = Passes(macro, failure);
    if (!passes) return false;
    if (!*passes) return true;
    const Value item = Eval(macro.body);
    if (macro.kind == MacroKind::kTransformMap) {
      entries.Add({locals_[macro.slot], item});
    } else if (item.is(Kind::kMap)) {
      EntryCollector collector(entries);
      item.AsMap().ForEach(true, collector, arena_);
      meter_.Charge(item.AsMap().size());
    }
    const bool unfit = macro.kind == MacroKind::kTransformMapEntry && !item.is(Kind::kMap);
    if (item.failed())
      failure = item;
    else if (unfit)
      failure = Fail("transformMapEntry() needs a map of one entry");
    return !failure.failed();
  });
  if (halted_) return halt_;
  if (end.failed()) return end;
  if (failure.failed()) return failure;
  const Map* const map = SortedMap(entries.data(), entries.size(), arena_);
  return map != nullptr ? Value::OfMap(map) : Fail("the map has two equal keys");
}

Value Evaluator::OptionalMacro(const Macro& macro, const Value& range) {
  if (!range.is(Kind::kOptional))
    return Fail("an optional is needed, found " + std::string(TypeName(range.kind())));
  if (range.AsOptional() == nullptr) return range;
  locals_[macro.slot] = *range.AsOptional();
  const Value value = Eval(macro.body);
  if (value.failed()) return value;
  if (macro.kind == MacroKind::kOptionalMap) return OptionalOf(value);
  return value.is(Kind::kOptional) ? value : Fail("optFlatMap() needs an optional as its result");
}

}  // namespace portolan::reconciler::cel
