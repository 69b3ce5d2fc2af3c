#include <gtest/gtest.h>

#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

using manifests::Value;

constexpr int kMaps = 100;
constexpr int kBad = 42;
constexpr char kUnwatched[] = R"(apiVersion: portolan/v1
kind: RolloutStrategy
metadata: {name: unwatched}
spec:
  steps:
    - setWeight: 50%
    - pause: {duration: 100ms}
    - setWeight: 100%
  minLookups: 0
  bake: 50ms
)";

std::string NameOf(int map) {
  return "map-" + std::to_string(map);
}

void WriteAll(Rig& rig, const std::string& value) {
  for (int map = 0; map < kMaps; ++map)
    rig.WriteMap(NameOf(map), "    key: " + value + "\n", "unwatched");
}

TEST(Isolation, OneBadMapOfAHundredKeepsItsLastGoodVersionAndTheOthersAdvance) {
  Rig rig;
  Must(rig.workshop().Write("strategies/unwatched.yaml", kUnwatched));
  WriteAll(rig, "1");
  Must(rig.workshop().Commit("A hundred maps"));
  rig.Start();
  rig.Sync();
  for (int map = 0; map < kMaps; ++map) rig.AwaitPhase(NameOf(map), "Healthy");
  const std::string before = rig.Served(NameOf(kBad));

  WriteAll(rig, "2");
  rig.WriteMap(NameOf(kBad), "    key: 2\n    key: 3\n", "unwatched");
  const Value source = rig.Commit("All of them change, one is wrong");
  for (int map = 0; map < kMaps; ++map) {
    if (map == kBad) continue;
    const Value status = rig.Await(NameOf(map), [&](const Value& now) {
      return TextAt(now, "phase") == "Healthy" && TextAt(now, "stable.digest") != before;
    });
    EXPECT_EQ(rig.Served(NameOf(map)), TextAt(status, "stable.digest"));
  }
  EXPECT_EQ(rig.Served(NameOf(kBad)), before);
  const Value bad = rig.MapStatus(NameOf(kBad));
  EXPECT_EQ(TextAt(bad, "phase"), "Healthy");
  EXPECT_EQ(TextAt(bad, "stable.digest"), before);

  const Value::Array rejected = At(source, "rejected").as_array();
  ASSERT_EQ(rejected.size(), 1u) << WriteJson(source);
  EXPECT_TRUE(rejected[0].as_string().starts_with("maps/map-42.yaml:8:"))
      << rejected[0].as_string();
  EXPECT_EQ(At(bad, "rejected").as_array(), rejected);
  EXPECT_EQ(TextAt(At(source, "conditions").as_array().at(0), "reason"), "InvalidManifests");
}

}  // namespace
}  // namespace portolan::e2e
