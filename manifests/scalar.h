#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/node.h"
#include "manifests/value.h"

namespace portolan::manifests {

// Why a plain scalar has no type: what was expected and found, and what to write instead.
struct ScalarProblem {
  std::string message;
  std::string hint;
};

// Types a scalar by the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), of
// which the JSON scalars are a part. Quoted ones are strings. Plain ones that other readers take
// for something else, or that would change, are refused: yes/no/on/off in any case, leading zeros,
// .inf and .nan, integers outside int64, numbers of more than 17 significant digits or beyond the
// range of a double.
std::variant<Value, ScalarProblem> TypeScalar(std::string_view text, bool quoted);

// Where a node stands: for the diagnostics about it.
struct NodePlace {
  std::string file;
  std::string field;  // path of the node, "spec.attributes"; empty at the top
};

// The node as a Value, keys as strings. Every scalar that cannot be typed is appended to
// `diagnostics`; then nothing is returned.
std::optional<Value> ValueFromNode(const Node& node, const NodePlace& place,
                                   std::vector<Diagnostic>* diagnostics);

}  // namespace portolan::manifests
