#include "manifests/group_manifest.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::pair<GroupSpec, std::string> DecodeGroupSpec(const std::string& spec) {
  Decoding d(spec);
  Envelope envelope;
  envelope.kind = ManifestKind::kRolloutGroup;
  envelope.name = "edge";
  envelope.spec = &d.root;
  GroupSpec group = DecodeGroup(envelope, d.report);
  return {std::move(group), d.Text()};
}

TEST(GroupManifest, ReadsEveryField) {
  const auto [group, errors] =
      DecodeGroupSpec("{maps: [limits, prices], strategy: cautious, salt: pepper, bucketBy: user}");
  EXPECT_EQ(errors, "");
  ASSERT_EQ(group.maps.size(), 2u);
  EXPECT_EQ(group.maps[1].name, "prices");
  EXPECT_EQ(group.strategy.name, "cautious");
  EXPECT_EQ(group.salt, "pepper");
  EXPECT_EQ(group.bucket_by, "user");
}

TEST(GroupManifest, HasItsNameForSaltAndTheDefaultStrategyOrOneInline) {
  EXPECT_EQ(DecodeGroupSpec("{maps: [a, b]}").first.salt, "edge");
  EXPECT_EQ(DecodeGroupSpec("{maps: [a, b]}").first.strategy.name, "default");
  const auto [group, errors] =
      DecodeGroupSpec("{maps: [a, b], strategy: {steps: [{setWeight: 100%}]}}");
  EXPECT_EQ(errors, "");
  EXPECT_TRUE(group.inline_strategy.has_value());
}

TEST(GroupManifest, DemandsAtLeastTwoMapsEachOnce) {
  EXPECT_NE(DecodeGroupSpec("{strategy: cautious}").second.find("missing required field \"maps\""),
            std::string::npos);
  EXPECT_NE(DecodeGroupSpec("{maps: [a]}").second.find("expected 2 to 100 maps, found 1"),
            std::string::npos);
  EXPECT_NE(DecodeGroupSpec("{maps: [a, a]}").second.find("map \"a\" is named twice"),
            std::string::npos);
  EXPECT_NE(DecodeGroupSpec("{maps: a}").second.find("expected a list of names of maps"),
            std::string::npos);
  EXPECT_NE(DecodeGroupSpec("{maps: [a, b], weight: 5}").second.find("unknown field"),
            std::string::npos);
}

}  // namespace
}  // namespace portolan::manifests
