#include "manifests/shadow.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

std::optional<Shadow> DecodeSpec(const std::string& yaml) {
  Decoding d(yaml);
  const auto shadow = DecodeShadow(d.field(), d.report);
  EXPECT_EQ(d.Text(), "");
  return shadow;
}

std::string SpecErrors(const std::string& yaml) {
  Decoding d(yaml);
  DecodeShadow(d.field(), d.report);
  return d.Text();
}

TEST(ShadowManifest, AnEmptyOneIsTheDefaults) {
  const auto shadow = DecodeSpec("{}");
  ASSERT_TRUE(shadow.has_value());
  EXPECT_EQ(shadow->share, 5'000u);
  EXPECT_EQ(shadow->soak, std::chrono::hours(72));
  EXPECT_EQ(shadow->tolerance, 1e-5);
  EXPECT_EQ(shadow->max_lookups_ratio, 1) << "a plan changes answers on purpose";
  EXPECT_EQ(shadow->max_outputs_ratio, 0);
  EXPECT_EQ(shadow->require, ShadowRequire::kAny);
}

TEST(ShadowManifest, ReadsEveryField) {
  const auto shadow = DecodeSpec(R"(
share: 100%
soak: 1h
tolerance: 1e-3
maxDisagreement: {lookups: 20%, outputs: 0.5%}
require: outputs
)");
  EXPECT_EQ(shadow, (Shadow{.share = 100'000,
                            .soak = std::chrono::hours(1),
                            .tolerance = 1e-3,
                            .max_lookups_ratio = 0.2,
                            .max_outputs_ratio = 0.005,
                            .require = ShadowRequire::kOutputs}));
}

TEST(ShadowManifest, OneMaxDisagreementIsForBothKinds) {
  const auto shadow = DecodeSpec("{maxDisagreement: 3%}");
  EXPECT_EQ(shadow->max_lookups_ratio, 0.03);
  EXPECT_EQ(shadow->max_outputs_ratio, 0.03);
}

TEST(ShadowManifest, RefusesWhatWouldDecideNothing) {
  EXPECT_NE(SpecErrors("{soak: 0s}").find("soak: expected a duration above 0s"), std::string::npos);
  EXPECT_NE(SpecErrors("{share: 0}"), "");
  EXPECT_NE(SpecErrors("{tolerance: -1}").find("expected a number from 0"), std::string::npos);
  EXPECT_NE(SpecErrors("{maxDisagreement: 101%}"), "");
  EXPECT_NE(SpecErrors("{require: some}").find("any"), std::string::npos);
  EXPECT_NE(SpecErrors("{soke: 1h}").find("soak"), std::string::npos);
  EXPECT_NE(SpecErrors("5%"), "");
}

TEST(ShadowManifest, RecordsFromBeforeAFieldHaveItsDefault) {
  EXPECT_EQ(*ShadowFromValue(Value::Object{{"share", 7}}), (Shadow{.share = 7}));
  EXPECT_FALSE(ShadowFromValue(Value::Object{{"share", 0}}).ok());
  EXPECT_FALSE(ShadowFromValue(Value::Object{{"require", "some"}}).ok());
}

}  // namespace
}  // namespace portolan::manifests
