#include "manifests/group_manifest.h"

#include <algorithm>

#include "manifests/fields.h"

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kTextBytes{1, 256};

void DecodeMaps(const Field& field, GroupSpec& group, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence) {
    report.Error(field, "expected a list of names of maps, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i) {
    const Field item = field.Item(i);
    const auto name = ReadString(item, {1, kNameBytesMax}, report);
    if (!name) continue;
    if (std::ranges::find(group.maps, *name, &Reference::name) != group.maps.end()) {
      report.Error(item, "map " + QuoteForMessage(*name) + " is named twice");
      continue;
    }
    group.maps.push_back({*name, item.node->position, item.path.ToString()});
  }
  const std::size_t count = field.node->items.size();
  if (count < kGroupMapsMin || count > kGroupMapsMax)
    report.Error(field, "expected " + std::to_string(kGroupMapsMin) + " to " +
                            std::to_string(kGroupMapsMax) + " maps, found " +
                            std::to_string(count));
}

}  // namespace

GroupSpec DecodeGroup(const Envelope& envelope, Report& report) {
  GroupSpec group;
  group.name = group.salt = envelope.name;
  group.file = report.file();
  group.position = group.strategy.position = envelope.position;
  group.strategy.name = "default";

  const FieldPath root;
  MappingDecoder decoder({envelope.spec, root.Member("spec")}, report);
  DecodeMaps(decoder.Require("maps"), group, report);
  SetIf(group.salt, ReadString(decoder.Take("salt"), kTextBytes, report));
  SetIf(group.bucket_by, ReadString(decoder.Take("bucketBy"), kTextBytes, report));
  DecodeStrategyReference(decoder.Take("strategy"), {group.strategy, group.inline_strategy},
                          report);
  decoder.Finish();
  return group;
}

}  // namespace portolan::manifests
