#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manifests/decoder.h"

namespace portolan::manifests {

inline constexpr std::string_view kApiVersion = "portolan/v1";
constexpr std::size_t kNameBytesMax = 253;

enum class ManifestKind {
  kMap,
  kRolloutStrategy,
  kAnalysisTemplate,
  kPolicy,
  kPolicyTest,
  kWaiver,
  kRolloutGroup
};
constexpr std::size_t kManifestKinds = 7;
std::string_view ManifestKindName(ManifestKind kind);  // "Map", …

// What every manifest has around its spec.
struct Envelope {
  std::optional<ManifestKind> kind;  // none: not one of ours, and reported
  bool kind_is_later = false;        // a kind of the design that this version refuses
  std::string name;                  // empty: absent or not a name, and reported
  Position position;                 // of metadata.name, or of the document
  std::string owner;                 // of a policy or a waiver, or empty
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> annotations;
  const Node* spec = nullptr;  // borrowed from the document; null: absent, and reported
};

// A name is a DNS-1123 subdomain (RFC 1123) of at most 253 bytes: lower-case letters, digits, '-'
// and '.', each part beginning and ending with a letter or digit.
bool IsResourceName(std::string_view name);

// Whether the document is meant as a manifest of Portolan, however wrong: it says so by its
// apiVersion, or has both a kind and metadata. Other documents may be entries.
bool IsManifest(const Node& document);

// Reads the members around the spec and reports what is wrong with them.
Envelope DecodeEnvelope(const Node& document, Report& report);

}  // namespace portolan::manifests
