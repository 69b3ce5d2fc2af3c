#include "controller/reconcile/commit_content.h"

#include <algorithm>

#include "manifests/strategy_manifest.h"

namespace portolan::controller {
namespace {

using manifests::Value;

Value Pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Value::Array list;
  for (const auto& [key, value] : pairs) list.push_back(Value::Array{key, value});
  return list;
}

Value Strings(const std::vector<std::string>& strings) {
  return Value::Array(strings.begin(), strings.end());
}

Value Lines(const std::vector<manifests::Diagnostic>& diagnostics) {
  Value::Array lines;
  for (const auto& diagnostic : diagnostics) lines.emplace_back(FormatDiagnostic(diagnostic));
  return lines;
}

Value MapValue(const manifests::DesiredMap& map) {
  return Value::Object{{"digest", map.version->digest().ToString()},
                       {"labels", Pairs(map.labels)},
                       {"annotations", Pairs(map.annotations)},
                       {"attributes", map.attributes},
                       {"sensitive", Strings(map.sensitive)},
                       {"split", static_cast<std::int64_t>(map.split)},
                       {"group", map.group},
                       {"salt", map.salt},
                       {"bucketBy", map.bucket_by},
                       {"strategy", manifests::StrategyToValue(map.strategy)}};
}

Value CaseValue(const manifests::PolicyCase& item) {
  return Value::Object{{"name", item.name},
                       {"vars", item.vars},
                       {"expect", static_cast<std::int64_t>(item.expect)},
                       {"message", item.message ? Value(*item.message) : Value()}};
}

Value PolicyValue(const manifests::Policy& policy) {
  Value::Array tests;
  for (const manifests::PolicyCase& item : policy.tests) tests.push_back(CaseValue(item));
  return Value::Object{{"policy", manifests::PolicyToValue(policy)},
                       {"owner", policy.owner},
                       {"tests", std::move(tests)}};
}

Value SideValue(const manifests::PolicyTestSide& side) {
  return side.entries ? *side.entries : Value();
}

Value TestValue(const manifests::PolicyTest& test) {
  Value::Array cases;
  for (const manifests::PolicyTestCase& item : test.cases) {
    Value::Array expect;
    for (const auto& [policy, outcome] : item.expect)
      expect.push_back(Value::Array{policy.name, static_cast<std::int64_t>(outcome)});
    cases.push_back(Value::Object{{"name", item.name},
                                  {"vars", item.vars},
                                  {"live", SideValue(item.live)},
                                  {"desired", SideValue(item.desired)},
                                  {"expect", std::move(expect)},
                                  {"message", item.message ? Value(*item.message) : Value()}});
  }
  return Value::Object{
      {"name", test.name}, {"defaults", test.defaults}, {"cases", std::move(cases)}};
}

Digest DigestOf(const Value& value) {
  return Sha256Of(manifests::CanonicalJson(value));
}

Digest PoliciesOf(const manifests::PolicySet& set) {
  Value::Array policies, waivers, tests;
  for (const auto& [name, policy] : set.policies) policies.push_back(PolicyValue(*policy));
  for (const auto& [name, waiver] : set.waivers)
    waivers.push_back(manifests::WaiverToValue(*waiver));
  for (const auto& test : set.tests) tests.push_back(TestValue(*test));
  return DigestOf(Value::Object{{"policies", std::move(policies)},
                                {"waivers", std::move(waivers)},
                                {"tests", std::move(tests)},
                                {"errors", Lines(set.errors)}});
}

}  // namespace

CommitContent ContentOf(const manifests::DesiredState& desired) {
  Value::Object maps, rejected;
  for (const auto& [name, map] : desired.maps) maps.emplace_back(name, MapValue(*map));
  for (const auto& [name, reasons] : desired.rejected) rejected.emplace_back(name, Lines(reasons));
  return {DigestOf(Value::Object{{"maps", std::move(maps)}, {"rejected", std::move(rejected)}}),
          PoliciesOf(desired.policies)};
}

Result<std::vector<std::string>> PolicyAuthors(const CommitContent& base,
                                               const std::vector<CommitStep>& steps) {
  std::vector<std::string> authors;
  if (steps.empty() || steps.back().content.policies == base.policies) return authors;
  const bool both = steps.back().content.maps != base.maps;
  const CommitContent* before = &base;
  for (const CommitStep& step : steps) {
    const bool policies = step.content.policies != before->policies;
    if (both && policies && step.content.maps != before->maps)
      return Error{ErrorCode::kInvalid,
                   "MixedCommit: commit " + step.commit.substr(0, 7) +
                       " changes policies and maps, nothing of it is taken; split it: take one of "
                       "the two back, and commit it alone"};
    if (policies && std::ranges::find(authors, step.author) == authors.end())
      authors.push_back(step.author);
    before = &step.content;
  }
  return authors;
}

}  // namespace portolan::controller
