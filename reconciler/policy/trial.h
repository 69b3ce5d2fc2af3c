#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manifests/policy_set.h"
#include "reconciler/policy/cel/coverage.h"
#include "reconciler/policy/policy.h"
#include "reconciler/policy/report.h"

namespace portolan::reconciler {

// One test of one policy, run.
struct TrialResult {
  std::string policy;
  std::string test;  // its name; "limits: bot bumps ten" of a PolicyTest
  std::string file;
  manifests::Position position;
  manifests::PolicyExpect expected = manifests::PolicyExpect::kAllow;
  manifests::PolicyExpect found = manifests::PolicyExpect::kAllow;
  std::string message;      // what the policy said
  std::string complaint;    // empty: passed; else "expected deny, found allow"
  std::string explanation;  // of the rule, when it did not allow

  bool passed() const { return complaint.empty(); }
};

// Which tests run, and when they take place.
struct TrialOptions {
  std::optional<WallTime> now;  // of tests that set none; unset: the fixture's
  // Whether to run a test, by "policy/test"; null: every one.
  std::function<bool(const std::string& name)> selected;
};

// A part of a policy's rule that its tests leave out.
struct RuleGap {
  std::string policy;
  cel::Gap gap;
};

// Runs the tests of all policies of a revision once more, and says what they leave out of the
// rules. By name of the policy; those that a validator judges, and the floor's, have no tests. A
// policy of which `options` select no test is left out: nothing was asked of it.
std::vector<RuleGap> CoverageGaps(
    const manifests::PolicySet& manifests,
    const std::map<std::string, std::shared_ptr<const CompiledPolicy>>& policies,
    const TrialOptions& options = {});

// A policy's own tests, each over TestVariables().
std::vector<TrialResult> RunTests(const CompiledPolicy& policy, const TrialOptions& options = {},
                                  cel::Recorder* recorder = nullptr);

// Finds a compiled policy by name; null for one that there is none of.
using PolicyLookup = std::function<const CompiledPolicy*(const std::string& name)>;
// And who records the evaluations of its rule; null: nobody.
using RecorderLookup = std::function<cel::Recorder*(const std::string& name)>;

// The cases of a PolicyTest. Where a case gives both sides of a map, plan and changes are made by
// the code that plans in production; the other variables are the case's.
std::vector<TrialResult> RunTests(const manifests::PolicyTest& test, const PolicyLookup& lookup,
                                  const TrialOptions& options = {},
                                  const RecorderLookup& recorder = nullptr);

// How many tests a set has, run or not; a case of a PolicyTest counts for each policy it is about.
std::size_t CountTests(const manifests::PolicySet& manifests);

// The variables that the tests of a policy or a PolicyTest set and that do not exist, as errors.
std::vector<manifests::Diagnostic> CheckVariables(const manifests::Value& variables,
                                                  const std::string& file,
                                                  manifests::Position position);

}  // namespace portolan::reconciler
