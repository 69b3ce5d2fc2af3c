#pragma once

#include <string>
#include <vector>

#include "manifests/value.h"
#include "reconciler/policy/trial.h"

namespace portolan::controller {

// Tests that were run, as CI systems read them: <testsuites> with a suite for each policy
// (https://github.com/testmoapp/junitxml).
std::string TrialsToJunit(const std::vector<reconciler::TrialResult>& trials);

// As text for people: a line for each failure with where and what, or for each test with `all`.
std::string TrialsToText(const std::vector<reconciler::TrialResult>& trials, bool all);

// What tests leave out of the rules, a line each.
std::string GapsToText(const std::vector<reconciler::RuleGap>& gaps);
manifests::Value GapsToValue(const std::vector<reconciler::RuleGap>& gaps);

manifests::Value TrialsToValue(const std::vector<reconciler::TrialResult>& trials);

}  // namespace portolan::controller
