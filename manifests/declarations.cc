#include "manifests/declarations.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "mapcore/base/did_you_mean.h"

// Names are resolved late, when all files are known: manifests may refer to each other in any
// order and across files. Whatever is declared twice is unusable for everyone who names it, since
// no rule would tell which one was meant.

namespace portolan::manifests {
namespace {

template <typename Map>
std::string NearestName(const std::string& name, const Map& by_name) {
  std::vector<std::string_view> names;
  for (const auto& [known, declarations] : by_name) names.push_back(known);
  return DidYouMean(name, names);
}

Diagnostic At(const Reference& reference, const std::string& file, std::string message,
              std::string hint = "") {
  Diagnostic diagnostic = ErrorAt(file, reference.position, std::move(message), std::move(hint));
  diagnostic.field = reference.field;
  return diagnostic;
}

std::string Place(const Declaration& declaration) {
  return declaration.file + ":" + std::to_string(declaration.position.line) + ":" +
         std::to_string(declaration.position.column);
}

}  // namespace

std::vector<Diagnostic> DuplicateDiagnostics(const std::vector<DeclarationPtr>& declarations) {
  std::vector<Diagnostic> diagnostics;
  if (declarations.size() < 2) return diagnostics;
  for (const DeclarationPtr& declaration : declarations) {
    const Declaration& other = *declarations[declaration == declarations[0] ? 1 : 0];
    diagnostics.push_back(ErrorAt(declaration->file, declaration->position,
                                  std::string(ManifestKindName(declaration->kind)) + " " +
                                      QuoteForMessage(declaration->name) +
                                      " is declared twice, also at " + Place(other)));
  }
  return diagnostics;
}

void Declarations::Add(DeclarationPtr declaration) {
  ByName& by_name = by_kind_[static_cast<std::size_t>(declaration->kind)];
  by_name[declaration->name].push_back(std::move(declaration));
}

void Declarations::Judge(const std::vector<DeclarationPtr>& declarations,
                         std::vector<Diagnostic>& reasons) {
  std::vector<Diagnostic> more = DuplicateDiagnostics(declarations);
  for (const DeclarationPtr& declaration : declarations)
    more.insert(more.end(), declaration->diagnostics.begin(), declaration->diagnostics.end());
  std::move(more.begin(), more.end(), std::back_inserter(reasons));
}

// Sources are collected also of what fails: a map that depends on it is built anew when they
// change.
void Declarations::Resolve(const StrategySpec& spec, const std::string& file,
                           ResolvedStrategy& result) const {
  for (const Reference& reference : spec.templates) {
    const ByName& templates = Of(ManifestKind::kAnalysisTemplate);
    const auto found = templates.find(reference.name);
    if (found == templates.end()) {
      result.reasons.push_back(At(reference, file,
                                  "no AnalysisTemplate named " + QuoteForMessage(reference.name),
                                  NearestName(reference.name, templates)));
      continue;
    }
    result.sources.insert(result.sources.end(), found->second.begin(), found->second.end());
    std::vector<Diagnostic> reasons;
    Judge(found->second, reasons);
    if (reasons.empty()) continue;
    result.reasons.push_back(
        At(reference, file, "AnalysisTemplate " + QuoteForMessage(reference.name) + " has errors"));
    std::move(reasons.begin(), reasons.end(), std::back_inserter(result.reasons));
  }
  if (!result.reasons.empty()) return;
  result.strategy = ResolveStrategy(spec, [&](const std::string& name) {
    return Of(ManifestKind::kAnalysisTemplate).at(name).front()->analysis.get();
  });
}

// Once per load: a thousand maps may name one strategy.
const StrategyPtr& Declarations::Named(const std::string& name,
                                       const std::vector<DeclarationPtr>& declarations) {
  StrategyPtr& known = resolved_[name];
  if (known != nullptr) return known;
  auto result = std::make_shared<ResolvedStrategy>();
  result->sources = declarations;
  Judge(declarations, result->reasons);
  if (result->reasons.empty())
    Resolve(*declarations.front()->strategy, declarations.front()->file, *result);
  return known = std::move(result);
}

StrategyPtr Declarations::StrategyOf(const MapSpec& spec) {
  if (!spec.inline_strategy) return Referenced(spec.strategy, spec.map.file);
  return Inline(*spec.inline_strategy, spec.map.file);
}

StrategyPtr Declarations::StrategyOf(const GroupSpec& spec) {
  if (!spec.inline_strategy) return Referenced(spec.strategy, spec.file);
  return Inline(*spec.inline_strategy, spec.file);
}

StrategyPtr Declarations::Inline(const StrategySpec& spec, const std::string& file) const {
  auto result = std::make_shared<ResolvedStrategy>();
  Resolve(spec, file, *result);
  return result;
}

std::vector<StrategyPtr> Declarations::RuleStrategiesOf(const MapSpec& spec) {
  std::vector<StrategyPtr> strategies;
  for (const RuleSpec& rule : spec.rollout_rules)
    strategies.push_back(Referenced(rule.strategy, spec.map.file));
  return strategies;
}

StrategyPtr Declarations::Referenced(const Reference& reference, const std::string& file) {
  auto result = std::make_shared<ResolvedStrategy>();
  const ByName& strategies = Of(ManifestKind::kRolloutStrategy);
  const auto found = strategies.find(reference.name);
  // A source may declare its own `default`, which then wins.
  if (const auto built_in = BuiltInStrategy(reference.name);
      found == strategies.end() && built_in) {
    StrategyPtr& known = built_in_[reference.name];
    if (known != nullptr) return known;
    result->strategy = *built_in;
    return known = std::move(result);
  }
  if (found == strategies.end()) {
    result->reasons.push_back(At(reference, file,
                                 "no RolloutStrategy named " + QuoteForMessage(reference.name),
                                 NearestName(reference.name, strategies)));
    return result;
  }
  const StrategyPtr& named = Named(reference.name, found->second);
  if (named->reasons.empty()) return named;
  *result = *named;
  result->reasons.insert(
      result->reasons.begin(),
      At(reference, file, "RolloutStrategy " + QuoteForMessage(reference.name) + " has errors"));
  return result;
}

std::vector<Diagnostic> Declarations::RecipeDiagnostics() {
  std::vector<Diagnostic> diagnostics;
  for (const auto& [name, declarations] : Of(ManifestKind::kAnalysisTemplate))
    Judge(declarations, diagnostics);
  for (const auto& [name, declarations] : Of(ManifestKind::kRolloutStrategy)) {
    const auto& reasons = Named(name, declarations)->reasons;
    diagnostics.insert(diagnostics.end(), reasons.begin(), reasons.end());
  }
  return diagnostics;
}

}  // namespace portolan::manifests
