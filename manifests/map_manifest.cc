#include "manifests/map_manifest.h"

#include <array>

#include "manifests/fields.h"

namespace portolan::manifests {
namespace {

constexpr Range<std::size_t> kTextBytes{1, 256};
constexpr Range<std::size_t> kPathBytes{1, 4'096};
constexpr Duration kHealIntervalMin = std::chrono::seconds(1);
constexpr Duration kHealIntervalMax = std::chrono::hours(24);
constexpr std::array<std::string_view, 1> kClasses = {"regulated"};
constexpr std::array<std::string_view, 2> kSplits = {"subject", "instance"};

void DecodeRule(const Field& field, MapSpec& spec, Report& report) {
  RuleSpec rule;
  MappingDecoder decoder(field, report);
  const Field keys = decoder.Require("keys");
  const Field strategy = decoder.Require("strategy");
  decoder.Finish();
  SetIf(rule.keys, ReadStrings(keys, {1, mapcore::kKeyBytesMax}, report));
  if (keys && rule.keys.empty() && keys.node->kind == Node::Kind::kSequence)
    report.Error(keys, "expected at least one key or glob");
  if (!strategy) return;
  rule.strategy = {"", strategy.node->position, strategy.path.ToString()};
  SetIf(rule.strategy.name, ReadString(strategy, {1, kNameBytesMax}, report));
  spec.rollout_rules.push_back(std::move(rule));
}

void DecodeRules(const Field& field, MapSpec& spec, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence) {
    report.Error(
        field, "expected a list of {keys: [GLOB, …], strategy: NAME}, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i)
    DecodeRule(field.Item(i), spec, report);
}

void DecodeRollout(const Field& field, MapSpec& spec, Report& report) {
  if (!field) return;
  MappingDecoder rollout(field, report);
  const Field strategy = rollout.Take("strategy");
  const Field rules = rollout.Take("rules");
  DecodeStrategyReference(strategy, {spec.strategy, spec.inline_strategy}, report);
  DecodeRules(rules, spec, report);
  if (field.node->kind == Node::Kind::kMapping && !strategy && !rules)
    report.Error(field, "expected strategy or rules");
  rollout.RefuseForNow({"onFailure"});
  rollout.Finish();
}

void DecodeKeySchema(const Field& field, TextRule& rule, Report& report) {
  if (!field) return;
  MappingDecoder decoder(field, report);
  rule.Read(decoder, false, report);
  decoder.Finish();
}

void DecodeEntriesFrom(const Field& field, MapSpec& spec, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kSequence) {
    report.Error(field, "expected a list of paths, found " + Found(*field.node));
    return;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i) {
    const Field item = field.Item(i);
    if (auto path = ReadString(item, kPathBytes, report))
      spec.entries_from.push_back({*path, item.node->position, item.path.ToString()});
  }
}

void DecodeAttributes(const Field& field, DesiredMap& map, Report& report) {
  map.attributes = Value::Object{};
  if (!field) return;
  if (field.node->kind != Node::Kind::kMapping) {
    report.Error(field, "expected an object, found " + Found(*field.node));
    return;
  }
  SetIf(map.attributes, ReadValue(field, report));
}

void DecodeHeal(MappingDecoder& decoder, HealSettings& heal, Report& report) {
  SetIf(heal.self_heal, ReadBool(decoder.Take("selfHeal"), report));
  const Field field = decoder.Take("healInterval");
  const auto interval = ReadDuration(field, report);
  if (!interval) return;
  if (*interval < kHealIntervalMin || *interval > kHealIntervalMax)
    report.Error(field, "expected a duration from 1s to 1d, found " + Found(*field.node));
  heal.interval = *interval;
}

}  // namespace

MapSpec DecodeMap(const Envelope& envelope, Report& report) {
  MapSpec spec;
  DesiredMap& map = spec.map;
  map.name = envelope.name;
  map.file = report.file();
  map.position = envelope.position;
  map.labels = envelope.labels;
  map.annotations = envelope.annotations;
  // The name: two maps do not put the same subjects into their canaries.
  map.salt = envelope.name;
  spec.strategy.name = "default";
  spec.strategy.position = envelope.position;

  const FieldPath root;
  MappingDecoder decoder({envelope.spec, root.Member("spec")}, report);
  if (const Field schema = decoder.Take("schema"))
    spec.rules.schema = Schema::Compile(schema, report);
  DecodeKeySchema(decoder.Take("keySchema"), spec.rules.keys, report);
  DecodeAttributes(decoder.Take("attributes"), map, report);
  SetIf(map.sensitive, ReadStrings(decoder.Take("sensitive"), {1, mapcore::kKeyBytesMax}, report));
  // Read before the entries: no error message may repeat a sensitive value.
  spec.rules.sensitive = map.sensitive;
  const Field split = decoder.Take("split");
  if (auto mode = ReadChoice(split, kSplits, report)) map.split = static_cast<SplitMode>(*mode);
  SetIf(map.salt, ReadString(decoder.Take("salt"), kTextBytes, report));
  SetIf(map.bucket_by, ReadString(decoder.Take("bucketBy"), kTextBytes, report));
  DecodeHeal(decoder, map.heal, report);
  map.regulated = ReadChoice(decoder.Take("class"), kClasses, report).has_value();
  DecodeRollout(decoder.Take("rollout"), spec, report);
  const Field entries_from = decoder.Take("entriesFrom");
  DecodeEntriesFrom(entries_from, spec, report);
  const Field entries = decoder.Take("entries");
  spec.entries = CheckEntries(entries, spec.rules, report);
  if (decoder.field() && envelope.spec->kind == Node::Kind::kMapping && !entries && !entries_from)
    report.Error(decoder.field(), "expected entries or entriesFrom",
                 "for a map without entries write \"entries: {}\"");
  decoder.RefuseForNow({"dependsOn", "adopt", "regions", "target"});
  decoder.Finish();
  return spec;
}

}  // namespace portolan::manifests
