#include "reconciler/policy/fixture.h"

#include <string>

namespace portolan::reconciler {
namespace {

using manifests::Value;

constexpr char kVariables[] = R"({
  "change": {"map": "limits", "key": "checkout.rps", "op": "update", "old": 100, "new": 110},
  "plan": {"map": "limits", "digest": "sha256:aa", "adds": 0, "updates": 1, "deletes": 0,
    "changed": 1, "total": 200, "after": 200, "percent": 0.5, "first": false,
    "changes": [{"map": "limits", "key": "checkout.rps", "op": "update", "old": 100,
    "new": 110}]},
  "manifest": {"name": "limits", "labels": {"team": "pay"},
    "annotations": {"owner": "pay-oncall@corp.example"}, "license": "Apache-2.0",
    "dependencies": [], "columns": [], "roles": [], "attributes": {},
    "owner": "pay-oncall@corp.example"},
  "desired": {"checkout.rps": 110},
  "live": {"checkout.rps": 100},
  "maps": {"limits": {"checkout.rps": 110}, "backends": {"pay-v1": {"addr": "10.0.0.1:80"},
    "pay-v2": {"addr": "10.0.0.2:80"}}},
  "commit": {"id": "c0ffee", "author": "ann", "signers": ["ann@corp.example"],
    "message": "raise checkout limit", "time": "2026-07-20T09:00:00Z",
    "descendsFromLive": true, "paths": ["maps/limits.yaml"]},
  "approvals": [{"by": "bob", "plan": "sha256:aa", "groups": ["sre"],
    "at": "2026-07-20T09:30:00Z"}, {"by": "cid", "plan": "sha256:aa", "groups": ["pay"],
    "at": "2026-07-20T09:30:00Z"}],
  "rollout": {"strategy": "canary", "steps": [{"weight": 5, "regions": ["eu-1"]},
    {"weight": 20, "regions": ["eu-1", "eu-2"]}, {"weight": 100, "regions": ["eu-1", "eu-2",
    "us-1", "us-2"]}], "metrics": ["error_rate"], "onFailure": "rollback"},
  "target": {"name": "prod-eu", "tier": "prod", "regions": ["eu-1", "eu-2", "us-1", "us-2"]},
  "now": "2026-07-20T10:00:00Z",
  "actor": {"name": "ann", "kind": "human", "groups": ["dev"], "source": "git"},
  "drift": {"total": 1000, "drifted": 2}
})";

}  // namespace

const Value& TestVariables() {
  static const Value kTree = manifests::ParseJson(kVariables).value();
  return kTree;
}

Value Merge(const Value& base, const Value& over) {
  if (!base.is_object() || !over.is_object() || over.as_object().empty()) return over;
  Value merged = base;
  for (const auto& [key, value] : over.as_object()) {
    const Value* known = base.Find(key);
    merged.Set(key, known == nullptr ? value : Merge(*known, value));
  }
  return merged;
}

}  // namespace portolan::reconciler
