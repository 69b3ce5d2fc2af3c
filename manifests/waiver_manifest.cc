#include "manifests/waiver_manifest.h"

#include <algorithm>

#include "manifests/fields.h"
#include "mapcore/traffic_split.h"

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kGlobBytes{1, 512};
constexpr Range<std::size_t> kTextBytes{1, 4'096};

bool AnyMatches(const std::vector<std::string>& globs, std::string_view text) {
  return std::ranges::any_of(
      globs, [&](const std::string& glob) { return mapcore::GlobMatch(glob, text); });
}

void DecodeUntil(const Field& field, Waiver& waiver, Report& report) {
  const auto text = ReadString(field, {1, 64}, report);
  if (!text) return;
  waiver.until_position = field.node->position;
  const auto time = ParseTime(*text);
  if (time.ok())
    waiver.until = *time;
  else
    report.Error(field,
                 "expected a time such as 2026-12-01T00:00:00Z, found " + Found(*field.node));
}

Value ListOf(const std::vector<std::string>& strings) {
  return Value::Array(strings.begin(), strings.end());
}

}  // namespace

bool Waiver::Covers(std::string_view map) const {
  return AnyMatches(maps, map);
}

bool Waiver::CoversKey(std::string_view key) const {
  return keys.empty() || AnyMatches(keys, key);
}

Waiver DecodeWaiver(const Envelope& envelope, Report& report) {
  Waiver waiver;
  waiver.name = envelope.name;
  waiver.file = report.file();
  waiver.position = envelope.position;
  waiver.owner = envelope.owner;
  const FieldPath root;
  MappingDecoder decoder({envelope.spec, root.Member("spec")}, report);
  SetIf(waiver.policy, ReadString(decoder.Require("policy"), kGlobBytes, report));
  const Field maps = decoder.Require("maps");
  SetIf(waiver.maps, ReadStrings(maps, kGlobBytes, report));
  if (maps && maps.node->kind == Node::Kind::kSequence && maps.node->items.empty())
    report.Error(maps, "expected at least one map; \"*\" is every map");
  SetIf(waiver.keys, ReadStrings(decoder.Take("keys"), kGlobBytes, report));
  DecodeUntil(decoder.Require("until"), waiver, report);
  SetIf(waiver.reason, ReadString(decoder.Require("reason"), kTextBytes, report));
  SetIf(waiver.approved_by, ReadStrings(decoder.Take("approvedBy"), kGlobBytes, report));
  // An exception that nobody owns outlives its reason.
  if (decoder.field() && waiver.owner.empty() && waiver.approved_by.empty())
    report.Error(decoder.field(), "nobody answers for this waiver",
                 "add metadata.owner or approvedBy");
  decoder.Finish();
  return waiver;
}

Value WaiverToValue(const Waiver& waiver) {
  return Value::Object{{"name", waiver.name},
                       {"policy", waiver.policy},
                       {"maps", ListOf(waiver.maps)},
                       {"keys", ListOf(waiver.keys)},
                       {"until", FormatTime(waiver.until)},
                       {"reason", waiver.reason},
                       {"owner", waiver.owner},
                       {"approvedBy", ListOf(waiver.approved_by)}};
}

}  // namespace portolan::manifests
