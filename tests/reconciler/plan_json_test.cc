#include "reconciler/plan_json.h"

#include <gtest/gtest.h>

#include "tests/reconciler/plan_fixture.h"

namespace portolan::reconciler {
namespace {

using manifests::Value;

constexpr char kGolden[] = R"GOLDEN({
  "apiVersion": "portolan/cli/v1",
  "kind": "Plan",
  "revision": {
    "branch": "main",
    "commit": "8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809",
    "author": "Ana <ana@example.com>",
    "subject": "raise limits for checkout",
    "time": "2026-11-21T01:30:00.000Z"
  },
  "summary": {
    "create": 1,
    "update": 2,
    "delete": 1,
    "maps": 1,
    "unchangedMaps": 1,
    "held": 0,
    "rejected": 1,
    "removed": 1
  },
  "maps": [
    {
      "map": "rate-limits",
      "id": "sha256:924143e0614125e3dd83cdaf21681986ec76e56d399e3ced9adb1b5d2960aa56",
      "base": "sha256:42a7053989ce4102e340a03f5a15e09ee101179176ac7913d2d0d54322943edd",
      "target": "sha256:fb544ed93fc9f4b3551e17cb7f8846184c977a685353f6bbf677e710882b203b",
      "revision": {
        "branch": "main",
        "commit": "8c1f0e2d1a2b3c4d5e6f708192a3b4c5d6e7f809",
        "author": "Ana <ana@example.com>",
        "subject": "raise limits for checkout",
        "time": "2026-11-21T01:30:00.000Z"
      },
      "counts": {
        "created": 1,
        "updated": 2,
        "deleted": 1,
        "unchanged": 1,
        "before": 4,
        "after": 4
      },
      "blastRadius": {
        "keysChanged": 4,
        "keysTotal": 5,
        "percent": 80,
        "firstVersion": false,
        "split": "subject",
        "weights": [
          5000,
          20000,
          100000
        ],
        "earliestFullSeconds": 120,
        "earliestKnownGoodSeconds": 420,
        "waitsForPromote": 0,
        "match": [
          {
            "subject": "beta-*"
          },
          {
            "attribute": "region",
            "in": [
              "eu"
            ]
          }
        ],
        "matchesEveryone": false
      },
      "strategy": "(its own format)",
      "held": false,
      "findings": [],
      "notes": [],
      "changes": [
        {
          "key": "api/login",
          "action": "updated",
          "before": {
            "burst": 10,
            "rps": 500
          },
          "after": {
            "burst": 10,
            "rps": 800
          }
        },
        {
          "key": "legacy",
          "action": "deleted",
          "before": {
            "rps": 5
          }
        },
        {
          "key": "refund",
          "action": "created",
          "after": {
            "rps": 20
          }
        },
        {
          "key": "token/edge",
          "action": "updated",
          "sensitive": true,
          "before": "«sensitive sha256:791e»",
          "after": "«sensitive sha256:8b9b»"
        }
      ]
    }
  ],
  "removed": [
    "old-routes"
  ],
  "rejected": [
    {
      "map": "broken",
      "diagnostics": [
        {
          "severity": "error",
          "file": "maps/broken.yaml",
          "line": 14,
          "column": 12,
          "field": "spec.entries.\"api/login\".rps",
          "message": "expected an integer from 1 to 100000, found \"20/s\"",
          "hint": ""
        }
      ]
    }
  ]
})GOLDEN";

TEST(PlanJson, ReadsLikeThis) {
  Plan plan = SamplePlan();
  plan.maps.erase(plan.maps.begin());
  Value value = PlanToValue(plan);
  Value map = value.Find("maps")->as_array().at(0);
  EXPECT_EQ(*map.Find("strategy"), manifests::StrategyToValue(plan.maps[0].strategy));
  map.Set("strategy", "(its own format)");
  value.Set("maps", Value::Array{map});
  EXPECT_EQ(manifests::WriteJson(value, 2), kGolden);
}

TEST(PlanJson, SaysWhatHoldsAMap) {
  const Value map = MapPlanToValue(SamplePlan().maps[0]);
  EXPECT_TRUE(map.BoolOr("held", false));
  EXPECT_EQ(map.Find("findings")->as_array().at(0).StringOr("policy", ""), "mass-delete-guard");
  EXPECT_EQ(map.Find("notes")->as_array().size(), 1U);
}

TEST(PlanJson, CutsNothing) {
  const std::string value = "\"" + std::string(20'000, 'x') + "\"";
  const Value map = MapPlanToValue(PlanOf(Version({}), Desired("m", Version({{"k", value}}))));
  EXPECT_EQ(map.Find("changes")->as_array().at(0).StringOr("after", "").size(), 20'000U);
  EXPECT_EQ(MapPlanToValue(SamplePlan().maps[0]).Find("changes")->as_array().size(), 237U);
}

TEST(PlanJson, SaysNullForTheBaseOfAFirstVersionAndARevisionWithoutCommit) {
  const Value map = MapPlanToValue(PlanOf(nullptr, Desired("m", Numbered(1))));
  EXPECT_TRUE(map.Find("base")->is_null());
  EXPECT_TRUE(PlanToValue(Plan{}).Find("revision")->is_null());
}

}  // namespace
}  // namespace portolan::reconciler
