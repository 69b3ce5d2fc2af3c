#include "manifests/envelope.h"

#include <algorithm>
#include <array>

#include "manifests/fields.h"
#include "mapcore/base/did_you_mean.h"

// What all kinds have in common. Read first and read generously, for it decides about the rest: a
// document whose kind and name can be told is an error of that map and of no other one.

namespace portolan::manifests {
namespace {

constexpr std::array<std::string_view, kManifestKinds> kKinds = {
    "Map", "RolloutStrategy", "AnalysisTemplate", "Policy", "PolicyTest", "Waiver", "RolloutGroup"};
constexpr std::array<std::string_view, 1> kLaterKinds = {"Target"};
constexpr Range<std::size_t> kAnyText{0, 4'096};
constexpr Range<std::size_t> kLabelValueBytes{0, 63};
constexpr Range<std::size_t> kOwnerBytes{1, 256};

void DecodeKind(const Field& field, Envelope& envelope, Report& report) {
  if (!field) return;
  const std::string supported = "supported now: " + OneOf(kKinds);
  if (field.node->kind != Node::Kind::kScalar) {
    report.Error(field, "expected a kind, found " + Found(*field.node), supported);
    return;
  }
  const std::string& text = field.node->text;
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (text == kKinds[i]) envelope.kind = static_cast<ManifestKind>(i);
  if (envelope.kind) return;
  envelope.kind_is_later =
      std::find(kLaterKinds.begin(), kLaterKinds.end(), text) != kLaterKinds.end();
  if (envelope.kind_is_later) {
    report.Error(field, "kind " + QuoteForMessage(text) + " is not supported yet; " + supported);
    return;
  }
  report.Error(field, "unknown kind " + QuoteForMessage(text) + "; " + supported,
               DidYouMean(text, {kKinds.begin(), kKinds.end()}));
}

void DecodeName(const Field& field, Envelope& envelope, Report& report) {
  const auto text = ReadString(field, kAnyText, report);
  if (!text) return;
  envelope.position = field.node->position;
  if (IsResourceName(*text)) {
    envelope.name = *text;
    return;
  }
  report.Error(field,
               "expected a name of at most 253 lower-case letters, digits, '-' and '.' "
               "(a DNS-1123 subdomain), found " +
                   Found(*field.node));
}

void DecodeMetadata(const Field& field, Envelope& envelope, Report& report) {
  MappingDecoder metadata(field, report);
  DecodeName(metadata.Require("name"), envelope, report);
  envelope.labels = ReadStringMap(metadata.Take("labels"), kLabelValueBytes, report);
  envelope.annotations = ReadStringMap(metadata.Take("annotations"), kAnyText, report);
  if (envelope.kind == ManifestKind::kPolicy || envelope.kind == ManifestKind::kWaiver)
    SetIf(envelope.owner, ReadString(metadata.Take("owner"), kOwnerBytes, report));
  metadata.RefuseForNow({"aliases"});
  metadata.Finish();
}

}  // namespace

std::string_view ManifestKindName(ManifestKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

// RFC 1123 labels, joined by dots; checked by hand, as a regular expression would recurse per byte
// in libstdc++.
bool IsResourceName(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > kNameBytesMax) return false;
  char before = '.';
  for (const char c : name) {
    if (!alphanumeric(c) && c != '-' && c != '.') return false;
    if (!alphanumeric(c) && before == '.') return false;
    if (c == '.' && before == '-') return false;
    before = c;
  }
  return alphanumeric(before);
}

// Generous: what is meant as a manifest and has an error must not be taken for entries.
bool IsManifest(const Node& document) {
  if (document.kind != Node::Kind::kMapping) return false;
  const Node* api_version = document.Find("apiVersion");
  if (api_version != nullptr && api_version->kind == Node::Kind::kScalar &&
      api_version->text.starts_with("portolan/"))
    return true;
  const Node* metadata = document.Find("metadata");
  return document.Find("kind") != nullptr && metadata != nullptr &&
         metadata->kind == Node::Kind::kMapping;
}

Envelope DecodeEnvelope(const Node& document, Report& report) {
  Envelope envelope;
  envelope.position = document.position;
  MappingDecoder decoder({&document, FieldPath()}, report);
  const Field version = decoder.Require("apiVersion");
  if (version && (version.node->kind != Node::Kind::kScalar || version.node->text != kApiVersion))
    report.Error(version,
                 "expected " + QuoteForMessage(kApiVersion) + ", found " + Found(*version.node));
  DecodeKind(decoder.Require("kind"), envelope, report);
  DecodeMetadata(decoder.Require("metadata"), envelope, report);
  envelope.spec = decoder.Require("spec").node;
  decoder.Finish();
  return envelope;
}

}  // namespace portolan::manifests
