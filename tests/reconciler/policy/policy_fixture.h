#pragma once

#include <memory>
#include <string>
#include <utility>

#include "manifests/loader.h"
#include "reconciler/policy/compiled_set.h"
#include "reconciler/policy/judge.h"
#include "tests/manifests/load_fixture.h"
#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {

// A compiled policy of the spec; the test fails when it does not compile.
inline std::shared_ptr<const CompiledPolicy> PolicyOf(const std::string& spec,
                                                      const std::string& name = "p") {
  manifests::MemorySource source({{"p.yaml", manifests::Manifest("Policy", name, spec)}});
  const auto state = manifests::Loader().Load(source.Get()).value();
  std::vector<manifests::Diagnostic> diagnostics = state.policies.errors;
  if (diagnostics.empty()) {
    auto compiled = CompilePolicy(state.policies.policies.at(name), nullptr, diagnostics);
    if (compiled != nullptr) return compiled;
  }
  throw std::invalid_argument(manifests::FormatDiagnostics(diagnostics));
}

// What compiling the spec says.
inline std::string CompileText(const std::string& spec) {
  manifests::MemorySource source({{"p.yaml", manifests::Manifest("Policy", "p", spec)}});
  const auto state = manifests::Loader().Load(source.Get()).value();
  return manifests::FormatDiagnostics(CompileSet(state.policies, nullptr).diagnostics);
}

// One map before and after, and everything that judging it needs.
class Scene {
 public:
  Scene(const Pairs& live, const Pairs& desired) : live_(Version(live)), map_("limits") {
    declared_ = Desired(map_, Version(desired));
    context.target = {"prod-eu", "prod", {"eu-1"}};
    context.now = ParseTime("2026-07-20T10:00:00Z").value();
  }

  manifests::DesiredMap& declared() { return declared_; }
  void Add(manifests::DesiredMap map) {
    const std::string name = map.name;
    desired_.maps[name] = std::make_shared<const manifests::DesiredMap>(std::move(map));
  }
  MapPlan Plan() const { return PlanOf(live_, declared_); }

  PolicyReport Judge(const CompiledSet& set, const JudgeOptions& options = {}) {
    Prepare();
    return reconciler::Judge(set, Plan(), context, options);
  }
  PolicyVerdict Judge(const std::shared_ptr<const CompiledPolicy>& policy) {
    CompiledSet set;
    set.policies[policy->name()] = policy;
    return *Judge(set).Find(policy->name());
  }
  void Prepare() {
    Add(declared_);
    context.desired = &desired_;
    context.live = live_.get();
  }

  JudgeContext context;

 private:
  mapcore::VersionPtr live_;
  std::string map_;
  manifests::DesiredMap declared_;
  manifests::DesiredState desired_;
};

}  // namespace portolan::reconciler
