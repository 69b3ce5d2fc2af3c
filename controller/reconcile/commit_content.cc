#include "controller/reconcile/commit_content.h"

#include "manifests/short_commit.h"
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
                       {"regulated", map.regulated},
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
  CommitContent content;
  Value::Object maps, rejected;
  for (const auto& [name, map] : desired.maps) {
    content.by_map[name] = DigestOf(MapValue(*map));
    maps.emplace_back(name, content.by_map[name].ToString());
  }
  for (const auto& [name, reasons] : desired.rejected) {
    content.by_map[name] = DigestOf(Lines(reasons));
    rejected.emplace_back(name, content.by_map[name].ToString());
  }
  content.maps =
      DigestOf(Value::Object{{"maps", std::move(maps)}, {"rejected", std::move(rejected)}});
  content.policies = PoliciesOf(desired.policies);
  return content;
}

Result<reconciler::Writers> PolicyWriters(const CommitContent& base,
                                          const std::vector<CommitStep>& steps) {
  reconciler::Writers writers;
  if (steps.empty() || steps.back().content.policies == base.policies) return writers;
  const bool both = steps.back().content.maps != base.maps;
  const CommitContent* before = &base;
  for (const CommitStep& step : steps) {
    const bool policies = step.content.policies != before->policies;
    if (both && policies && step.content.maps != before->maps)
      return Error{ErrorCode::kInvalid,
                   "MixedCommit: commit " + manifests::ShortCommit(step.commit) +
                       " changes policies and maps, nothing of it is taken; split it: take one of "
                       "the two back, and commit it alone"};
    if (policies) writers.Add(step.writers);
    before = &step.content;
  }
  return writers;
}

std::map<std::string, reconciler::Writers> MapWriters(const CommitContent& base,
                                                      const std::vector<CommitStep>& steps) {
  std::map<std::string, reconciler::Writers> by_map;
  const CommitContent* before = &base;
  const auto changed = [](const CommitContent& from, const CommitContent& to, auto note) {
    for (const auto& [name, digest] : from.by_map) {
      const auto other = to.by_map.find(name);
      if (other == to.by_map.end() || other->second != digest) note(name);
    }
  };
  for (const CommitStep& step : steps) {
    const auto note = [&](const std::string& name) { by_map[name].Add(step.writers); };
    changed(*before, step.content, note);
    changed(step.content, *before, note);
    before = &step.content;
  }
  return by_map;
}

}  // namespace portolan::controller
