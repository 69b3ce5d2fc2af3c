#include <algorithm>

#include "reconciler/policy/cel/checker.h"

// Which overloads a call may mean. Types narrow the choice as far as they are known; what is left
// is decided by the kinds of the arguments at run time (Evaluator::Run).

// Which overloads a call may mean. Types narrow the choice as far as they are known; what is left
// is decided by the kinds of the arguments at run time (Evaluator::Run).

namespace portolan::reconciler::cel {
namespace {

std::vector<const Overload*> Overloads(std::string_view name, bool member) {
  std::vector<const Overload*> found;
  for (const auto& table : FunctionTables())
    for (const Overload& overload : table)
      if (overload.name == name && overload.member == member) found.push_back(&overload);
  return found;
}

constexpr std::string_view kMacros[] = {"all",    "exists", "exists_one",    "existsOne",
                                        "filter", "map",    "transformList", "transformMap"};

bool IsMacro(std::string_view name) {
  return std::find(std::begin(kMacros), std::end(kMacros), name) != std::end(kMacros);
}

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names(std::begin(kMacros), std::end(kMacros));
  for (const auto& table : FunctionTables())
    for (const Overload& overload : table) names.push_back(overload.name);
  return names;
}

bool Accepts(const Overload& overload, const std::vector<Type>& types) {
  if (!overload.TakesCount(types.size())) return false;
  for (std::size_t i = 0; i < types.size(); ++i)
    if (!types[i].dyn() && (overload.Parameter(i) & MaskOf(types[i].kind())) == 0) return false;
  return true;
}

std::string Listed(const std::vector<Type>& types) {
  std::string text;
  for (const Type& type : types) text += (text.empty() ? "" : ", ") + type.ToString();
  return text;
}

}  // namespace

// `math.greatest(x)` parses as a member call on `math`: when that name is no value, and the whole
// is a function, the target is dropped from the arguments.
void Checker::TakeNamespace(Node& node) {
  CallSite& site = code_.ast.calls[node.c];
  if (!site.member) return;
  const NodeId target = Children(node)[0];
  const auto qualifier = QualifiedName(target);
  if (!qualifier || RootIsLocal(target)) return;
  const std::string name = *qualifier + "." + std::string(code_.ast.Text(site.name));
  if (Overloads(name, false).empty()) return;
  site.member = false;
  site.name = static_cast<std::uint32_t>(code_.ast.constants.size());
  code_.ast.constants.push_back(Value::String(code_.ast.arena.Copy(name)));
  node.a += 1;
  node.b -= 1;
}

Type Checker::Call(NodeId id) {
  TakeNamespace(code_.ast.nodes[id]);
  const Node node = code_.node(id);
  std::vector<Type> types;
  for (std::size_t i = 0; i < node.b; ++i) types.push_back(Visit(Children(node)[i]));
  if (failed_) return Type::Dyn();
  CallSite& site = code_.ast.calls[node.c];
  const std::string_view name = code_.ast.Text(site.name);
  site.candidates = Overloads(name, site.member);
  if (site.candidates.empty()) {
    const bool other = !Overloads(name, !site.member).empty();
    const std::string hint = IsMacro(name) ? "; as a macro it takes a variable first, as in list." +
                                                 std::string(name) + "(x, …)"
                             : !other      ? Suggestion(name, FunctionNames())
                             : site.member ? "; write `" + std::string(name) + "(x)`"
                                           : "; write `x." + std::string(name) + "()`";
    return Refuse(node.mark, "no such function `" + std::string(name) + "`" + hint);
  }
  // By count for good, by types only as far as they are known.
  std::erase_if(site.candidates,
                [&](const Overload* overload) { return !overload->TakesCount(types.size()); });
  if (site.candidates.empty())
    return Refuse(node.mark, "`" + std::string(name) + "` does not take " +
                                 std::to_string(types.size() - (site.member ? 1 : 0)) +
                                 " argument(s)");
  const Type result = CheckArguments(node, types);
  Prepare(node);
  return result;
}

Type Checker::CheckArguments(const Node& node, const std::vector<Type>& types) {
  CallSite& site = code_.ast.calls[node.c];
  const std::string_view name = code_.ast.Text(site.name);
  // dyn() is the identity, whose type its author wants forgotten.
  if (name == "dyn" || !options_.check) return Type::Dyn();
  std::vector<const Overload*> fitting;
  for (const Overload* overload : site.candidates)
    if (Accepts(*overload, types)) fitting.push_back(overload);
  if (fitting.empty())
    return Refuse(node.mark,
                  "`" + std::string(name) + "` does not apply to (" + Listed(types) + ")");
  site.candidates = fitting;
  Type result = fitting[0]->ResultType();
  for (const Overload* overload : fitting) result = Join(result, overload->ResultType());
  return result;
}

void Checker::Prepare(const Node& node) {
  const std::string_view name = code_.ast.Text(code_.ast.calls[node.c].name);
  if (name == "matches" && node.b == 2) PrepareRegex(node);
  if (name.starts_with("get") && node.b == 2) PrepareZone(node);
}

void Checker::PrepareRegex(const Node& node) {
  const NodeId pattern = Children(node)[1];
  const Value* const constant = ConstantOf(pattern);
  // A pattern that is computed is compiled at run time, the last one kept (regex.h).
  if (constant == nullptr || !constant->is(Kind::kString)) return;
  auto regex = Regex::Compile(constant->AsText());
  if (!regex.ok()) {
    Refuse(code_.node(pattern).offset, regex.error().message);
    return;
  }
  code_.ast.calls[node.c].regex = regex->get();
  code_.regexes.push_back(std::move(*regex));
}

void Checker::PrepareZone(const Node& node) {
  const NodeId zone = Children(node)[1];
  const Value* const constant = ConstantOf(zone);
  if (constant != nullptr && !constant->is(Kind::kString)) return;
  if (constant != nullptr && FixedOffset(constant->AsText())) return;
  if (options_.zones == nullptr) {
    Refuse(code_.node(zone).offset,
           "time zones by name are not available here; install tzdata, or write an offset such as "
           "'+02:00'");
    return;
  }
  if (constant == nullptr) return;
  const auto found = options_.zones->Find(constant->AsText());
  if (!found.ok()) Refuse(code_.node(zone).offset, found.error().message);
}

}  // namespace portolan::reconciler::cel
