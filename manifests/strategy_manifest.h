#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/strategy.h"

namespace portolan::manifests {

// Names of the enumerations in manifests and records, in the order of their values.
inline constexpr std::array<std::string_view, 3> kOnNoDataNames = {"hold", "abort",
                                                                   "advanceAfterSoak"};
inline constexpr std::array<std::string_view, 2> kOnDeadlineNames = {"rollback", "promote"};
inline constexpr std::array<std::string_view, 2> kOnNewRevisionNames = {"restart", "queue"};

constexpr std::size_t kStepsMax = 100;

// The place where a manifest names another one.
struct Reference {
  std::string name;
  Position position;
  std::string field;
};

// A strategy as its manifest says it: the analyses hold names only, until ResolveStrategy fills
// them in.
struct StrategySpec {
  Strategy strategy;
  std::vector<Reference> templates;  // every template named, in the order of the text
};

// Reads the spec of a RolloutStrategy, or one written inline. Nothing when anything in it is wrong.
std::optional<StrategySpec> DecodeStrategy(const std::string& name, const Field& spec,
                                           Report& report);

// Where a manifest says its strategy: a name, or a strategy written inline.
struct StrategyChoice {
  Reference& reference;
  std::optional<StrategySpec>& inline_strategy;
};
void DecodeStrategyReference(const Field& field, StrategyChoice choice, Report& report);

// Null when there is no usable template of that name.
using TemplateLookup = std::function<const AnalysisTemplate*(const std::string& name)>;

// The strategy with its analyses. Every template must be found: look at `templates` first.
Strategy ResolveStrategy(const StrategySpec& spec, const TemplateLookup& lookup);

}  // namespace portolan::manifests
