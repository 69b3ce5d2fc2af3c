#include "manifests/envelope.h"

#include <gtest/gtest.h>

#include "tests/manifests/decode_fixture.h"

namespace portolan::manifests {
namespace {

TEST(Envelope, TakesNamesOfDns1123) {
  for (const std::string& name : {std::string("a"), std::string("rate-limits"),
                                  std::string("a.b-c.d"), std::string("0"), std::string(253, 'a')})
    EXPECT_TRUE(IsResourceName(name)) << name;
  for (const std::string name :
       {"", "A", "a_b", "a/b", "-a", "a-", "a..b", ".a", "a.", "a-.b", "a.-b", "é"})
    EXPECT_FALSE(IsResourceName(name)) << name;
  EXPECT_FALSE(IsResourceName(std::string(254, 'a')));
}

TEST(Envelope, KnowsWhatIsMeantAsAManifest) {
  EXPECT_TRUE(IsManifest(Decoding("apiVersion: portolan/v2").root));
  EXPECT_TRUE(IsManifest(Decoding("{kind: Map, metadata: {name: a}}").root));
  EXPECT_FALSE(IsManifest(Decoding("{apiVersion: 3, kind: x}").root));
  EXPECT_FALSE(IsManifest(Decoding("[a]").root));
}

TEST(Envelope, ReadsWhatIsAroundTheSpec) {
  Decoding d(
      "{apiVersion: portolan/v1, kind: Map, metadata: {name: a, labels: {t: x}, annotations: {o: "
      "y}}, spec: {}}");
  const Envelope envelope = DecodeEnvelope(d.root, d.report);
  EXPECT_EQ(d.Text(), "");
  EXPECT_EQ(envelope.kind, ManifestKind::kMap);
  EXPECT_EQ(envelope.name, "a");
  EXPECT_EQ(envelope.labels.at(0).second, "x");
  EXPECT_EQ(envelope.annotations.at(0).second, "y");
  EXPECT_NE(envelope.spec, nullptr);
}

TEST(Envelope, ListsTheSupportedKinds) {
  Decoding d("{apiVersion: portolan/v1, kind: Mpa, metadata: {name: a}, spec: {}}");
  DecodeEnvelope(d.root, d.report);
  EXPECT_EQ(d.Text(),
            "t.yaml:1:33: kind: unknown kind \"Mpa\"; supported now: \"Map\", \"RolloutStrategy\", "
            "\"AnalysisTemplate\", \"Policy\", \"PolicyTest\", \"Waiver\" or "
            "\"RolloutGroup\"; did you mean \"Map\"?\n");
}

TEST(Envelope, ReportsEverythingAtOnce) {
  Decoding d("{apiVersion: portolan/v2, metadata: {name: A, aliases: [b], label: {}}, stauts: {}}");
  DecodeEnvelope(d.root, d.report);
  EXPECT_EQ(d.report.size(), 7u) << d.Text();
}

}  // namespace
}  // namespace portolan::manifests
