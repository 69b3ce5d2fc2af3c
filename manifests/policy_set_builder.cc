#include "manifests/policy_set_builder.h"

#include <algorithm>
#include <iterator>

#include "manifests/source_path.h"
#include "mapcore/base/did_you_mean.h"
#include "mapcore/traffic_split.h"

// Joins the policies of a commit to the set that will judge the next ones. Errors make the set as
// a whole unacceptable, unlike those of maps: a policy that is left out would let pass what it is
// there to stop.

namespace portolan::manifests {
namespace {

Diagnostic At(const std::string& file, const Reference& reference, std::string message,
              std::string hint = "") {
  Diagnostic diagnostic = ErrorAt(file, reference.position, std::move(message), std::move(hint));
  diagnostic.field = reference.field;
  return diagnostic;
}

bool IsFloor(std::string_view name) {
  return std::ranges::find(kFloorPolicyNames, name) != kFloorPolicyNames.end();
}

class Joiner {
 public:
  Joiner(const Declarations& declarations, const PolicySetContext& context)
      : declarations_(declarations), context_(context) {}

  Result<PolicySet> Join() {
    Collect(ManifestKind::kPolicy, [&](const Declaration& declaration) {
      set_.policies.emplace(declaration.name, declaration.policy);
      policy_files_.insert(declaration.file);
    });
    Collect(ManifestKind::kWaiver, [&](const Declaration& declaration) {
      set_.waivers.emplace(declaration.name, declaration.waiver);
    });
    std::vector<std::shared_ptr<const PolicyTest>> tests;
    Collect(ManifestKind::kPolicyTest,
            [&](const Declaration& declaration) { tests.push_back(declaration.policy_test); });
    for (const auto& [name, waiver] : set_.waivers) CheckWaiver(*waiver);
    for (const auto& test : tests) PORTOLAN_CHECK(ResolveTest(*test));
    // The committer says it, and may lie: the time bounds a mistake, not a will. Review does that.
    if (context_.commit_time != WallTime{}) {
      auto late = LongWaivers(set_, context_.commit_time);
      std::ranges::move(late, std::back_inserter(set_.errors));
    }
    SortDiagnostics(set_.errors);
    return std::move(set_);
  }

 private:
  template <typename Take>
  void Collect(ManifestKind kind, Take take) {
    for (const auto& [name, declarations] : declarations_.Of(kind)) {
      std::vector<Diagnostic> reasons = DuplicateDiagnostics(declarations);
      for (const DeclarationPtr& declaration : declarations)
        reasons.insert(reasons.end(), declaration->diagnostics.begin(),
                       declaration->diagnostics.end());
      if (kind == ManifestKind::kPolicy) names_.push_back(name);
      if (reasons.empty()) take(*declarations.front());
      std::ranges::move(reasons, std::back_inserter(set_.errors));
    }
  }

  // A waiver of nothing is an error: it looks like an exception that is in force.
  void CheckWaiver(const Waiver& waiver) {
    const Reference here{waiver.policy, waiver.position, "spec.policy"};
    const auto policy = set_.policies.find(waiver.policy);
    const bool declared = std::ranges::find(names_, waiver.policy) != names_.end();
    if (!declared && !IsFloor(waiver.policy)) {
      std::vector<std::string_view> known(names_.begin(), names_.end());
      known.insert(known.end(), kFloorPolicyNames.begin(), kFloorPolicyNames.end());
      set_.errors.push_back(At(waiver.file, here,
                               "no policy named " + QuoteForMessage(waiver.policy),
                               DidYouMean(waiver.policy, known)));
    }
    const bool hard_floor = !declared && waiver.policy == "no-secret-in-clear";
    if (hard_floor || (policy != set_.policies.end() && !policy->second->waivable))
      set_.errors.push_back(At(waiver.file, here,
                               "policy " + QuoteForMessage(waiver.policy) + " accepts no waivers",
                               "a hard policy does with waivable: true"));
    if (policy != set_.policies.end() && policy->second->scope != PolicyScope::kChange &&
        !waiver.keys.empty())
      set_.errors.push_back(
          At(waiver.file, {"", waiver.position, "spec.keys"},
             "policy " + QuoteForMessage(waiver.policy) + " judges whole maps, not keys"));
    // A repository of policies alone has no maps: those who know them look (a policySource).
    if (context_.maps.empty()) return;
    for (std::size_t i = 0; i < waiver.maps.size(); ++i) CheckMap(waiver, i);
  }

  void CheckMap(const Waiver& waiver, std::size_t index) {
    const std::string& glob = waiver.maps[index];
    if (std::ranges::any_of(context_.maps,
                            [&](const std::string& map) { return mapcore::GlobMatch(glob, map); }))
      return;
    const std::vector<std::string_view> known(context_.maps.begin(), context_.maps.end());
    set_.errors.push_back(At(waiver.file, {glob, waiver.position, JoinField("spec.maps", index)},
                             "no map named " + QuoteForMessage(glob), DidYouMean(glob, known)));
  }

  Status ResolveTest(const PolicyTest& declared) {
    auto test = std::make_shared<PolicyTest>(declared);
    std::set<std::string> files;
    for (const Reference& reference : test->policies) {
      const auto path = ResolvePath(FolderOf(test->file), reference.name);
      if (!path || !policy_files_.contains(*path))
        set_.errors.push_back(
            At(test->file, reference,
               "no file " + QuoteForMessage(reference.name) + " that declares a policy"));
      else
        files.insert(*path);
    }
    for (PolicyTestCase& item : test->cases) {
      for (const auto& [policy, expect] : item.expect) CheckExpected(*test, policy, files);
      PORTOLAN_CHECK(ReadSide(*test, item.live));
      PORTOLAN_CHECK(ReadSide(*test, item.desired));
    }
    set_.tests.push_back(std::move(test));
    return {};
  }

  void CheckExpected(const PolicyTest& test, const Reference& policy,
                     const std::set<std::string>& files) {
    const auto found = set_.policies.find(policy.name);
    if (std::ranges::find(names_, policy.name) == names_.end() && !IsFloor(policy.name)) {
      set_.errors.push_back(At(test.file, policy, "no policy named " + QuoteForMessage(policy.name),
                               DidYouMean(policy.name, {names_.begin(), names_.end()})));
    } else if (found != set_.policies.end() && !files.empty() &&
               !files.contains(found->second->file)) {
      set_.errors.push_back(At(test.file, policy,
                               "policy " + QuoteForMessage(policy.name) + " is declared in " +
                                   QuoteForMessage(found->second->file) +
                                   ", which spec.policies does not name"));
    }
  }

  Status ReadSide(const PolicyTest& test, PolicyTestSide& side) {
    if (!side.file) return {};
    const auto path = ResolvePath(FolderOf(test.file), side.file->name);
    auto entries = path ? context_.read_entries(*path)
                        : Result<Value>(Error{ErrorCode::kNotFound, "leaves the source"});
    if (entries.ok()) {
      side.entries = *std::move(entries);
      return {};
    }
    const ErrorCode code = entries.error().code;
    if (code != ErrorCode::kNotFound && code != ErrorCode::kInvalid) return entries.error();
    set_.errors.push_back(At(test.file, *side.file,
                             QuoteForMessage(side.file->name) + ": " + entries.error().message));
    return {};
  }

  const Declarations& declarations_;
  const PolicySetContext& context_;
  PolicySet set_;
  std::vector<std::string> names_;  // of policies, usable or not
  std::set<std::string> policy_files_;
};

}  // namespace

Result<PolicySet> MakePolicySet(const Declarations& declarations, const PolicySetContext& context) {
  return Joiner(declarations, context).Join();
}

}  // namespace portolan::manifests
