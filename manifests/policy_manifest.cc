#include "manifests/policy_manifest.h"

#include <algorithm>

#include "manifests/fields.h"
#include "mapcore/base/did_you_mean.h"

// Reads the form of a policy. Its expressions stay text here: the language belongs to the
// reconciler, which compiles them with the variables that a scope has, and reports errors at the
// position that is kept.

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kExpressionBytes{1, kExpressionBytesMax};
constexpr Range<std::size_t> kGlobBytes{1, kNameBytesMax};
constexpr Range<std::size_t> kValidatorBytes{1, 63};
constexpr Range<std::size_t> kTextBytes{1, 5 * 1024};
constexpr std::array<std::string_view, 3> kOps = {"add", "update", "delete"};
constexpr std::array<std::string_view, 3> kTargetKeys = {"name", "tier", "region"};

bool IsIdentifier(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::optional<Expression> ReadExpression(const Field& field, Report& report) {
  auto text = ReadString(field, kExpressionBytes, report);
  if (!text) return std::nullopt;
  return Expression{*std::move(text), field.node->position, field.path.ToString(),
                    // A block or quoted text has its own lines: positions inside the expression
                    // cannot be told by the YAML's.
                    !field.node->quoted};
}

void DecodeTargets(const Field& field, PolicyMatch& match, Report& report) {
  if (!field) return;
  MappingDecoder targets(field, report);
  for (const std::string_view key : kTargetKeys) {
    const Field globs = targets.Take(key);
    if (auto read = ReadStrings(globs, kGlobBytes, report))
      match.targets.emplace_back(key, *std::move(read));
  }
  targets.Finish();
}

void DecodeOps(const Field& field, PolicyMatch& match, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence) {
    report.Error(field, "expected a list of operations, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i)
    if (auto op = ReadChoice(field.Item(i), kOps, report)) match.ops.emplace_back(kOps[*op]);
}

void DecodeMatch(const Field& field, PolicyMatch& match, Report& report) {
  if (!field) return;
  MappingDecoder decoder(field, report);
  SetIf(match.maps, ReadStrings(decoder.Take("maps"), kGlobBytes, report));
  DecodeTargets(decoder.Take("targets"), match, report);
  DecodeOps(decoder.Take("ops"), match, report);
  decoder.Finish();
}

void DecodeVariables(const Field& field, Policy& policy, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kMapping ||
      field.node->members.size() > kPolicyVariablesMax) {
    report.Error(field, "expected an object of at most " + std::to_string(kPolicyVariablesMax) +
                            " expressions, found " + Found(*field.node));
    return;
  }
  for (const Node::Member& member : field.node->members) {
    const Field value{&member.value, field.path.Member(member.key)};
    if (!IsIdentifier(member.key))
      report.Error(value, "expected a name of letters, digits and '_', found " +
                              QuoteForMessage(member.key));
    if (auto expression = ReadExpression(value, report))
      policy.variables.emplace_back(member.key, *std::move(expression));
  }
}

PolicyCase DecodeCase(const Field& field, std::size_t number, Report& report) {
  PolicyCase test;
  test.position = field.node->position;
  test.name = "case " + std::to_string(number);
  test.vars = Value::Object{};
  MappingDecoder decoder(field, report);
  SetIf(test.name, ReadString(decoder.Take("name"), kTextBytes, report));
  const Field vars = decoder.Take("vars");
  if (vars && vars.node->kind != Node::Kind::kMapping)
    report.Error(vars, "expected an object of variables, found " + Found(*vars.node));
  else
    SetIf(test.vars, ReadValue(vars, report));
  if (auto expect = ReadChoice(decoder.Require("expect"), kPolicyExpectNames, report))
    test.expect = static_cast<PolicyExpect>(*expect);
  const Field message = decoder.Take("message");
  test.message = ReadString(message, kTextBytes, report);
  if (message && test.expect != PolicyExpect::kDeny)
    report.Error(message, "only a denial has a message");
  decoder.Finish();
  return test;
}

void DecodeTests(const Field& field, Policy& policy, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence || field.node->items.size() > kPolicyTestsMax) {
    report.Error(field, "expected a list of at most " + std::to_string(kPolicyTestsMax) +
                            " tests, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i)
    policy.tests.push_back(DecodeCase(field.Item(i), i + 1, report));
}

void DecodeParams(const Field& field, Policy& policy, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kMapping)
    report.Error(field, "expected an object, found " + Found(*field.node));
  else
    SetIf(policy.params, ReadValue(field, report));
}

void DecodeJudge(MappingDecoder& decoder, Policy& policy, Report& report) {
  const Field validator = decoder.Take("validator");
  if (!validator) {
    SetIf(policy.rule, ReadExpression(decoder.Require("rule"), report));
    return;
  }
  SetIf(policy.validator, ReadString(validator, kValidatorBytes, report));
  if (const Field rule = decoder.Take("rule"))
    report.Error(rule, "a policy has either a rule or a validator, found both");
  if (policy.scope == PolicyScope::kChange)
    report.Error(validator, "a validator judges whole plans: the scope must be plan or live");
}

template <typename Strings>
Value ListOf(const Strings& strings) {
  Value::Array list;
  for (const auto& text : strings) list.emplace_back(text);
  return list;
}

}  // namespace

Policy DecodePolicy(const Envelope& envelope, Report& report) {
  Policy policy;
  policy.name = envelope.name;
  policy.file = report.file();
  policy.position = envelope.position;
  policy.owner = envelope.owner;
  policy.annotations = envelope.annotations;
  const FieldPath root;
  MappingDecoder decoder({envelope.spec, root.Member("spec")}, report);
  if (auto scope = ReadChoice(decoder.Require("scope"), kPolicyScopeNames, report))
    policy.scope = static_cast<PolicyScope>(*scope);
  if (auto level = ReadChoice(decoder.Require("level"), kPolicyLevelNames, report))
    policy.level = static_cast<PolicyLevel>(*level);
  const Field match = decoder.Take("match");
  DecodeMatch(match, policy.match, report);
  if (policy.scope == PolicyScope::kLive && !policy.match.ops.empty())
    report.Error(match, "scope live judges no change: ops cannot match");
  DecodeParams(decoder.Take("params"), policy, report);
  DecodeVariables(decoder.Take("variables"), policy, report);
  DecodeJudge(decoder, policy, report);
  policy.message = ReadExpression(decoder.Take("message"), report);
  // A hard rule accepts exceptions only when its author says so.
  policy.waivable = policy.level != PolicyLevel::kHard;
  SetIf(policy.waivable, ReadBool(decoder.Take("waivable"), report));
  const Field groups = decoder.Take("overrideGroups");
  SetIf(policy.override_groups, ReadStrings(groups, kGlobBytes, report));
  if (groups && policy.level == PolicyLevel::kHard)
    report.Error(groups, "nobody approves despite a hard policy", "leave it out, or: level: soft");
  const Field tests = decoder.Take("tests");
  if (tests && !policy.validator.empty())
    report.Error(tests, "tests run rules; they cannot run a validator");
  DecodeTests(tests, policy, report);
  decoder.Finish();
  return policy;
}

// What verdicts depend on, and nothing else: tests and annotations change no digest. `order` is
// there because canonical JSON sorts `variables`, and later ones may use earlier ones.
Value PolicyToValue(const Policy& policy) {
  Value::Object targets, variables;
  for (const auto& [key, globs] : policy.match.targets) targets.emplace_back(key, ListOf(globs));
  Value::Array order;
  for (const auto& [name, expression] : policy.variables) {
    variables.emplace_back(name, expression.text);
    order.emplace_back(name);
  }
  Value value = Value::Object{{"name", policy.name},
                              {"scope", kPolicyScopeNames[static_cast<std::size_t>(policy.scope)]},
                              {"level", kPolicyLevelNames[static_cast<std::size_t>(policy.level)]},
                              {"match", Value::Object{{"maps", ListOf(policy.match.maps)},
                                                      {"targets", std::move(targets)},
                                                      {"ops", ListOf(policy.match.ops)}}},
                              {"params", policy.params},
                              {"variables", std::move(variables)},
                              {"order", std::move(order)},
                              {"rule", policy.rule.text},
                              {"message", policy.message ? Value(policy.message->text) : Value()},
                              {"waivable", policy.waivable}};
  if (!policy.validator.empty()) value.Set("validator", policy.validator);
  // Left out when empty: digests of policies that name no groups stay what they were.
  if (!policy.override_groups.empty()) value.Set("overrideGroups", ListOf(policy.override_groups));
  return value;
}

}  // namespace portolan::manifests
