#include "manifests/map_manifest.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

// The map of a spec, and what is wrong with it.
std::pair<MapSpec, std::string> DecodeMapSpec(const std::string& spec) {
  Decoding d(spec);
  Envelope envelope;
  envelope.kind = ManifestKind::kMap;
  envelope.name = "m";
  envelope.spec = &d.root;
  MapSpec map = DecodeMap(envelope, d.report);
  return {std::move(map), d.Text()};
}

TEST(MapManifest, ReadsEveryField) {
  const auto [spec, errors] = DecodeMapSpec(R"(
schema: {type: integer}
keySchema: {minLength: 1}
attributes: {license: MIT}
sensitive: ["token/*"]
split: instance
salt: pepper
bucketBy: user
rollout: {strategy: cautious, rules: [{keys: ["kill/*"], strategy: fast}]}
entriesFrom: [a.json]
entries: {a: 1}
)");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(spec.map.attributes.StringOr("license", ""), "MIT");
  EXPECT_TRUE(spec.map.IsSensitive("token/x"));
  EXPECT_EQ(spec.map.split, SplitMode::kInstance);
  EXPECT_EQ(spec.map.salt, "pepper");
  EXPECT_EQ(spec.map.bucket_by, "user");
  EXPECT_EQ(spec.strategy.name, "cautious");
  EXPECT_EQ(spec.rollout_rules.at(0).keys, std::vector<std::string>{"kill/*"});
  EXPECT_EQ(spec.rollout_rules.at(0).strategy.name, "fast");
  EXPECT_EQ(spec.entries_from.at(0).name, "a.json");
  EXPECT_EQ(spec.entries.at(0).value, "1");
}

TEST(MapManifest, HasDefaults) {
  const auto [spec, errors] = DecodeMapSpec("entries: {}");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(spec.map.salt, "m");
  EXPECT_EQ(spec.map.bucket_by, "targetingKey");
  EXPECT_EQ(spec.map.split, SplitMode::kSubject);
  EXPECT_EQ(spec.strategy.name, "default");
}

TEST(MapManifest, SaysWhetherAndHowSoonDriftIsHealed) {
  EXPECT_EQ(DecodeMapSpec("entries: {}").first.map.heal,
            (HealSettings{true, std::chrono::seconds(30)}));
  const auto [spec, errors] = DecodeMapSpec("{entries: {}, selfHeal: false, healInterval: 2m}");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(spec.map.heal, (HealSettings{false, std::chrono::minutes(2)}));
}

TEST(MapManifest, RefusesAHealIntervalThatIsTooShortOrTooLong) {
  for (const std::string interval : {"10ms", "2d"})
    EXPECT_NE(
        DecodeMapSpec("{entries: {}, healInterval: " + interval + "}").second.find("from 1s to 1d"),
        std::string::npos)
        << interval;
}

TEST(MapManifest, IsRegulatedOnlyWhenItsClassSaysSo) {
  EXPECT_FALSE(DecodeMapSpec("{entries: {}}").first.map.regulated);
  EXPECT_TRUE(DecodeMapSpec("{entries: {}, class: regulated}").first.map.regulated);
  EXPECT_NE(DecodeMapSpec("{entries: {}, class: regulatd}").second.find("\"regulated\""),
            std::string::npos);
}

TEST(MapManifest, RefusesFieldsThatComeLater) {
  for (const std::string field :
       {"dependsOn: [a]", "adopt: ifEqual", "rollout: {strategy: a, onFailure: rollback}"})
    EXPECT_NE(DecodeMapSpec("{entries: {}, " + field + "}").second.find("not supported yet"),
              std::string::npos)
        << field;
}

TEST(MapManifest, SaysWhatIsWrongWithARule) {
  const auto errors = [](const std::string& rollout) {
    return DecodeMapSpec("{entries: {}, rollout: " + rollout + "}").second;
  };
  EXPECT_EQ(errors("{rules: [{keys: [a], strategy: fast}]}"), "");
  EXPECT_NE(errors("{rules: [{strategy: fast}]}").find("keys"), std::string::npos);
  EXPECT_NE(errors("{rules: [{keys: [], strategy: fast}]}").find("at least one key"),
            std::string::npos);
  EXPECT_NE(errors("{rules: [{keys: [a]}]}").find("strategy"), std::string::npos);
  EXPECT_NE(errors("{rules: fast}").find("expected a list of {keys"), std::string::npos);
  EXPECT_NE(errors("{}").find("expected strategy or rules"), std::string::npos);
}

TEST(MapManifest, NeedsEntriesFromSomewhere) {
  EXPECT_NE(DecodeMapSpec("{split: subject}").second.find("expected entries or entriesFrom"),
            std::string::npos);
}

TEST(MapManifest, KnowsItsEntryFilesHoweverBrokenTheRest) {
  const auto [spec, errors] =
      DecodeMapSpec("{schema: 1, split: x, entriesFrom: [a.json], rollout: []}");
  EXPECT_NE(errors, "");
  EXPECT_EQ(spec.entries_from.at(0).name, "a.json");
}

}  // namespace
}  // namespace portolan::manifests
