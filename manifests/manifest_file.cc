#include "manifests/manifest_file.h"

#include <algorithm>
#include <iterator>

#include "manifests/fields.h"
#include "manifests/json_reader.h"
#include "manifests/yaml_reader.h"

// What a file is follows from its bytes alone, so that it can be kept by object id. What it means
// depends on others: a document that is no manifest is an error or an entry file, as some map
// says. Both answers are kept here (`strays`), and the loader chooses.

namespace portolan::manifests {
namespace {

void Append(std::vector<Diagnostic>& target, std::vector<Diagnostic> more) {
  std::move(more.begin(), more.end(), std::back_inserter(target));
}

void DecodeSpec(const Envelope& envelope, Declaration& declaration, Report& report,
                const ExpressionCheck& check) {
  const FieldPath root;
  const Field spec{envelope.spec, root.Member("spec")};
  switch (declaration.kind) {
    case ManifestKind::kMap:
      declaration.map = std::make_shared<const MapSpec>(DecodeMap(envelope, report));
      return;
    case ManifestKind::kRolloutStrategy:
      if (auto strategy = DecodeStrategy(declaration.name, spec, report))
        declaration.strategy = std::make_shared<const StrategySpec>(*std::move(strategy));
      return;
    case ManifestKind::kAnalysisTemplate:
      if (auto analysis = DecodeAnalysisTemplate(declaration.name, spec, report, check))
        declaration.analysis = std::make_shared<const AnalysisTemplate>(*std::move(analysis));
      return;
    case ManifestKind::kPolicy:
      declaration.policy = std::make_shared<const Policy>(DecodePolicy(envelope, report));
      return;
    case ManifestKind::kPolicyTest:
      declaration.policy_test =
          std::make_shared<const PolicyTest>(DecodePolicyTest(envelope, report));
      return;
    case ManifestKind::kWaiver:
      declaration.waiver = std::make_shared<const Waiver>(DecodeWaiver(envelope, report));
      return;
    case ManifestKind::kRolloutGroup:
      declaration.group = std::make_shared<const GroupSpec>(DecodeGroup(envelope, report));
      return;
  }
}

void DecodeManifest(const Document& document, const std::string& path, const ExpressionCheck& check,
                    ManifestFile& file) {
  file.has_manifest = true;
  Report report(path);
  const Envelope envelope = DecodeEnvelope(document.root, report);
  if (!envelope.kind || envelope.name.empty()) {
    Append(file.diagnostics, document.diagnostics);
    if (document.diagnostics.empty()) Append(file.diagnostics, report.Take());
    // A kind that is not supported yet is known not to be a map; a misspelt one may be.
    file.may_hide_map |=
        envelope.kind ? *envelope.kind == ManifestKind::kMap : !envelope.kind_is_later;
    file.may_hide_policy |= envelope.kind ? *envelope.kind == ManifestKind::kPolicy ||
                                                *envelope.kind == ManifestKind::kWaiver
                                          : !envelope.kind_is_later;
    file.may_hide_group |=
        envelope.kind ? *envelope.kind == ManifestKind::kRolloutGroup : !envelope.kind_is_later;
    return;
  }
  auto declaration = std::make_shared<Declaration>();
  declaration->kind = *envelope.kind;
  declaration->name = envelope.name;
  declaration->file = path;
  declaration->position = envelope.position;
  DecodeSpec(envelope, *declaration, report, check);
  // What a damaged text makes decoders say is noise: half of its fields may be missing.
  // The text's own diagnostics say where to begin.
  declaration->diagnostics = document.diagnostics.empty() ? report.Take() : document.diagnostics;
  file.declarations.push_back(std::move(declaration));
}

void DescribeStray(const Document& document, const std::string& path, ManifestFile& file) {
  file.may_hide_map = file.may_hide_policy = file.may_hide_group = true;
  if (!document.diagnostics.empty()) return Append(file.strays, document.diagnostics);
  const Node* version =
      document.root.kind == Node::Kind::kMapping ? document.root.Find("apiVersion") : nullptr;
  if (version != nullptr) {
    file.strays.push_back(ErrorAt(
        path, version->position,
        "expected apiVersion " + QuoteForMessage(kApiVersion) + ", found " + Found(*version)));
    return;
  }
  file.strays.push_back(
      ErrorAt(path, document.root.position,
              "no manifest: it has no apiVersion, and no map names this file in entriesFrom",
              "name it in a map's entriesFrom, or keep it out of this path"));
}

}  // namespace

ReadResult ReadText(std::string_view bytes, const std::string& path, std::size_t bytes_max) {
  ReadLimits limits;
  limits.bytes = bytes_max;
  return path.ends_with(".json") ? ReadJsonNode(bytes, path, limits)
                                 : ReadYaml(bytes, path, limits);
}

ManifestFile DecodeManifestFile(const ReadResult& text, const std::string& path,
                                const ExpressionCheck& check) {
  ManifestFile file;
  for (const Document& document : text.documents) {
    if (IsManifest(document.root)) {
      DecodeManifest(document, path, check, file);
    } else {
      DescribeStray(document, path, file);
    }
  }
  if (text.failure) {
    file.may_hide_map = file.may_hide_policy = file.may_hide_group = true;
    file.unread = true;
    file.diagnostics.push_back(*text.failure);
  } else if (text.documents.empty()) {
    file.may_hide_map = file.may_hide_policy = file.may_hide_group = true;
    file.strays.push_back(ErrorAt(path, {}, "the file is empty", "delete it, or write a manifest"));
  }
  return file;
}

}  // namespace portolan::manifests
