#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/envelope.h"
#include "manifests/policy_manifest.h"
#include "manifests/strategy_manifest.h"
#include "manifests/value.h"

namespace portolan::manifests {

// One side of the change that a case is about: entries written inline, or a file of entries.
struct PolicyTestSide {
  std::optional<Value> entries;   // object; of a file once the loader has read it
  std::optional<Reference> file;  // as written, relative to the test's folder

  bool given() const { return entries || file; }
};

// A case of a PolicyTest: variables, or two sides from which the plan is made, and what policies
// are expected to say.
struct PolicyTestCase {
  std::string name;
  Value vars = Value::Object{};
  PolicyTestSide live, desired;
  std::vector<std::string> sensitive;  // key globs of the map
  std::vector<std::pair<Reference, PolicyExpect>> expect;
  std::optional<std::string> message;  // of every denial expected, exactly
  Position position;
};

// Tests of policies that stand beside them.
struct PolicyTest {
  std::string name;
  std::string file;
  Position position;
  std::vector<Reference> policies;  // files that declare what is tested; empty: any
  Value defaults = Value::Object{};
  std::vector<PolicyTestCase> cases;
};

// Reads a PolicyTest. Nothing usable when the report is unclean.
PolicyTest DecodePolicyTest(const Envelope& envelope, Report& report);

}  // namespace portolan::manifests
