#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "manifests/manifest_file.h"

namespace portolan::manifests {

using DeclarationPtr = std::shared_ptr<const Declaration>;

// A strategy with its templates filled in, or the reasons why there is none.
struct ResolvedStrategy {
  Strategy strategy;
  std::vector<Diagnostic> reasons;  // not empty: not usable
  std::vector<DeclarationPtr>
      sources;  // what it was made from: equal sources make equal strategies
};

using StrategyPtr = std::shared_ptr<const ResolvedStrategy>;

// All manifests of a source by kind and name, and the references between them.
class Declarations {
 public:
  using ByName = std::map<std::string, std::vector<DeclarationPtr>>;

  void Add(DeclarationPtr declaration);

  // The maps by name; more than one declaration of a name is an error of all of them.
  const ByName& maps() const { return Of(ManifestKind::kMap); }
  const ByName& Of(ManifestKind kind) const { return by_kind_[static_cast<std::size_t>(kind)]; }

  // The strategy that the map asks for. The reasons begin with one at the map's reference.
  StrategyPtr StrategyOf(const MapSpec& spec);
  StrategyPtr StrategyOf(const GroupSpec& spec);
  // The same of each of its `rollout.rules`.
  std::vector<StrategyPtr> RuleStrategiesOf(const MapSpec& spec);

  // Errors of strategies and templates, whether or not a map uses them: their own, duplicates,
  // dangling references.
  std::vector<Diagnostic> RecipeDiagnostics();

 private:
  // Appends the reasons why the declarations of one name are not usable.
  static void Judge(const std::vector<DeclarationPtr>& declarations,
                    std::vector<Diagnostic>& reasons);
  StrategyPtr Inline(const StrategySpec& spec, const std::string& file) const;
  StrategyPtr Referenced(const Reference& reference, const std::string& file);
  const StrategyPtr& Named(const std::string& name,
                           const std::vector<DeclarationPtr>& declarations);
  void Resolve(const StrategySpec& spec, const std::string& file, ResolvedStrategy& result) const;

  std::array<ByName, kManifestKinds> by_kind_;
  std::map<std::string, StrategyPtr> resolved_;
  std::map<std::string, StrategyPtr> built_in_;
};

// One error for each declaration of a name that is declared more than once, naming the first other
// place.
std::vector<Diagnostic> DuplicateDiagnostics(const std::vector<DeclarationPtr>& declarations);

}  // namespace portolan::manifests
