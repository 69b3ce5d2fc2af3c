#pragma once

#include <string>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/value.h"
#include "reconciler/policy/trial.h"

namespace portolan::controller {

// Tests that were run, as CI systems read them: <testsuites> with a suite for each policy
// (https://github.com/testmoapp/junitxml).
std::string TrialsToJunit(const std::vector<reconciler::TrialResult>& trials);

// The same as the Test Anything Protocol, version 14 (https://testanything.org): a failure's
// complaint and place are in its YAML block.
std::string TrialsToTap(const std::vector<reconciler::TrialResult>& trials);

// What `policy lint` found, for the same systems: a suite for each file with a case for each of
// `files` that is clean, and one for each diagnostic, which fails when it counts: an error, or with
// `strict` a warning.
std::string LintToJunit(const std::vector<std::string>& files,
                        const std::vector<manifests::Diagnostic>& diagnostics, bool strict);

// As text for people: a line for each failure with where and what, or for each test with `all`.
std::string TrialsToText(const std::vector<reconciler::TrialResult>& trials, bool all);

// What tests leave out of the rules, a line each.
std::string GapsToText(const std::vector<reconciler::RuleGap>& gaps);
manifests::Value GapsToValue(const std::vector<reconciler::RuleGap>& gaps);

manifests::Value TrialsToValue(const std::vector<reconciler::TrialResult>& trials);

}  // namespace portolan::controller
