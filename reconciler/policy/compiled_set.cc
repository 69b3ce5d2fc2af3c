#include "reconciler/policy/compiled_set.h"

#include <algorithm>
#include <iterator>

#include "manifests/value.h"
#include "reconciler/policy/floor_policies.h"

namespace portolan::reconciler {
namespace {

using manifests::Diagnostic;
using manifests::Value;

Digest DigestOf(const CompiledSet& set) {
  Value::Object policies, waivers;
  for (const auto& [name, policy] : set.policies)
    policies.emplace_back(name, policy->digest.ToString());
  for (const auto& [name, waiver] : set.waivers)
    waivers.emplace_back(name, manifests::WaiverToValue(*waiver));
  return Sha256Of(manifests::CanonicalJson(
      Value::Object{{"policies", std::move(policies)}, {"waivers", std::move(waivers)}}));
}

void AddFloor(CompiledSet& set) {
  for (const auto& policy : FloorPolicies()) set.policies.emplace(policy->name(), policy);
}

Diagnostic Failed(const TrialResult& trial) {
  return manifests::ErrorAt(trial.file, trial.position,
                            "test " + manifests::QuoteForMessage(trial.test) + " of policy " +
                                manifests::QuoteForMessage(trial.policy) +
                                " failed: " + trial.complaint);
}

class SetCompiler {
 public:
  SetCompiler(const manifests::PolicySet& manifests, const cel::Zones* zones,
              const TrialOptions& options)
      : manifests_(manifests),
        zones_(zones),
        options_(options),
        set_(std::make_shared<CompiledSet>()) {}

  CompiledSetResult Compile() {
    result_.diagnostics = manifests_.errors;
    set_->waivers = manifests_.waivers;
    for (const auto& [name, policy] : manifests_.policies) {
      auto compiled = CompilePolicy(policy, zones_, result_.diagnostics);
      for (const manifests::PolicyCase& test : policy->tests)
        Append(CheckVariables(test.vars, policy->file, test.position));
      if (compiled != nullptr) set_->policies.emplace(name, std::move(compiled));
    }
    for (const auto& [name, policy] : set_->policies) Keep(RunTests(*policy, options_));
    AddFloor(*set_);
    for (const auto& test : manifests_.tests) RunTest(*test);
    const bool refused = manifests_.incomplete ||
                         std::ranges::find(result_.diagnostics, Diagnostic::Severity::kError,
                                           &Diagnostic::severity) != result_.diagnostics.end();
    manifests::SortDiagnostics(result_.diagnostics);
    if (refused) return std::move(result_);
    set_->digest = DigestOf(*set_);
    result_.set = std::move(set_);
    return std::move(result_);
  }

 private:
  void Append(std::vector<Diagnostic> more) {
    std::ranges::move(more, std::back_inserter(result_.diagnostics));
  }

  void RunTest(const manifests::PolicyTest& test) {
    Append(CheckVariables(test.defaults, test.file, test.position));
    for (const manifests::PolicyTestCase& item : test.cases)
      Append(CheckVariables(item.vars, test.file, item.position));
    Keep(RunTests(
        test, [&](const std::string& name) { return set_->Find(name); }, options_));
  }

  void Keep(std::vector<TrialResult> trials) {
    for (TrialResult& trial : trials) {
      if (!trial.passed()) result_.diagnostics.push_back(Failed(trial));
      result_.trials.push_back(std::move(trial));
    }
  }

  const manifests::PolicySet& manifests_;
  const cel::Zones* zones_;
  const TrialOptions& options_;
  std::shared_ptr<CompiledSet> set_;
  CompiledSetResult result_;
};

}  // namespace

const CompiledPolicy* CompiledSet::Find(const std::string& name) const {
  const auto found = policies.find(name);
  return found == policies.end() ? nullptr : found->second.get();
}

std::shared_ptr<const CompiledSet> FloorSet() {
  auto set = std::make_shared<CompiledSet>();
  AddFloor(*set);
  set->digest = DigestOf(*set);
  return set;
}

CompiledSetResult CompileSet(const manifests::PolicySet& manifests, const cel::Zones* zones,
                             const TrialOptions& options) {
  return SetCompiler(manifests, zones, options).Compile();
}

}  // namespace portolan::reconciler
