#include "manifests/shadow.h"

#include <array>

#include "manifests/fields.h"
#include "manifests/record.h"
#include "mapcore/traffic_split.h"

namespace portolan::manifests {
namespace {

constexpr std::array<std::string_view, 2> kRequireNames = {"any", "outputs"};
constexpr double kToleranceMax = 1e6;

// One share for both kinds of comparisons, or {lookups, outputs}.
void DecodeMaxDisagreement(const Field& field, Shadow& shadow, Report& report) {
  if (!field) return;
  if (field.node->kind != Node::Kind::kMapping) {
    const auto both = ReadRatio(field, report);
    if (both) shadow.max_lookups_ratio = shadow.max_outputs_ratio = *both;
    return;
  }
  MappingDecoder decoder(field, report);
  SetIf(shadow.max_lookups_ratio, ReadRatio(decoder.Take("lookups"), report));
  SetIf(shadow.max_outputs_ratio, ReadRatio(decoder.Take("outputs"), report));
  decoder.Finish();
}

}  // namespace

std::optional<Shadow> DecodeShadow(const Field& field, Report& report) {
  if (!field) return std::nullopt;
  Shadow shadow;
  MappingDecoder decoder(field, report);
  SetIf(shadow.share, ReadWeight(decoder.Take("share"), report));
  const Field soak = decoder.Take("soak");
  SetIf(shadow.soak, ReadDuration(soak, report));
  if (shadow.soak <= Duration(0))
    report.Error(soak, "expected a duration above 0s, found " + Found(*soak.node));
  SetIf(shadow.tolerance,
        ReadNumber(decoder.Take("tolerance"), {.min = 0, .max = kToleranceMax}, report));
  DecodeMaxDisagreement(decoder.Take("maxDisagreement"), shadow, report);
  if (const auto require = ReadChoice(decoder.Take("require"), kRequireNames, report))
    shadow.require = static_cast<ShadowRequire>(*require);
  decoder.Finish();
  return shadow;
}

Value ShadowToValue(const Shadow& shadow) {
  return Value::Object{{"share", std::int64_t{shadow.share}},
                       {"soakMs", shadow.soak.count()},
                       {"tolerance", shadow.tolerance},
                       {"maxLookupsRatio", shadow.max_lookups_ratio},
                       {"maxOutputsRatio", shadow.max_outputs_ratio},
                       {"require", kRequireNames[static_cast<std::size_t>(shadow.require)]}};
}

Result<Shadow> ShadowFromValue(const Value& value) {
  Shadow shadow;
  RecordReader reader(value, "shadow");
  std::int64_t share = shadow.share;
  reader.Read("share", share);
  if (share <= 0 || share > mapcore::kWeightMax) reader.Fail("share");
  shadow.share = static_cast<std::uint32_t>(share);
  reader.Read("soakMs", shadow.soak);
  reader.Read("tolerance", shadow.tolerance);
  reader.Read("maxLookupsRatio", shadow.max_lookups_ratio);
  reader.Read("maxOutputsRatio", shadow.max_outputs_ratio);
  reader.ReadEnum("require", kRequireNames, shadow.require);
  PORTOLAN_CHECK(reader.status());
  return shadow;
}

}  // namespace portolan::manifests
