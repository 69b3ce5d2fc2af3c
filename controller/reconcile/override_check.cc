#include "controller/reconcile/override_check.h"

#include "manifests/entries.h"
#include "manifests/json_reader.h"

namespace portolan::controller {
namespace {

using manifests::DesiredMap;
using manifests::Value;

Error Broken(const manifests::Diagnostic& diagnostic) {
  const std::string field = diagnostic.field.empty() ? "" : diagnostic.field + ": ";
  return {ErrorCode::kInvalid, "no override: " + field + diagnostic.message +
                                   (diagnostic.hint.empty() ? "" : "; " + diagnostic.hint)};
}

// By the same readers and checks as an entry of a commit.
Result<std::string> CheckEntry(const DesiredMap& map, const OverrideWish& wish) {
  const std::string text = CanonicalJson(Value::Object{{wish.key, wish.value}});
  const manifests::ReadResult read = manifests::ReadJsonNode(text, "override");
  if (!read.ok() || read.documents.size() != 1) return Broken(read.AllDiagnostics().front());
  static const manifests::EntryRules kAny;
  manifests::Report report("override");
  const auto entries = manifests::CheckEntries({&read.documents.front().root, {}},
                                               map.rules ? *map.rules : kAny, report);
  if (!report.clean()) return Broken(report.Take().front());
  return entries.front().value;
}

// As a plan of the one change that the override is.
Status JudgeHard(const OverrideRules& rules, const DesiredMap& map, const OverrideWish& wish,
                 const ServedMap& served, WallTime now) {
  reconciler::JudgeContext context;
  context.desired = &rules.desired;
  context.live = &served.version;
  context.masked = reconciler::MarksBeyond(served.masked, rules.desired);
  context.actor.name = wish.actor;
  context.actor.kind = "break-glass";
  context.actor.source = "api";
  context.now = now;
  const reconciler::MapPlan plan =
      reconciler::MakeMapPlan(&served.version, map, rules.desired.revision, "override");
  for (const reconciler::Finding& finding : rules.gate.Judge(plan, context).findings)
    if (finding.level == reconciler::kHardLevel)
      return Error{ErrorCode::kDenied,
                   "no override: policy " + finding.policy + " (hard): " + finding.message};
  return {};
}

}  // namespace

Result<std::string> CheckOverride(const OverrideRules& rules, const OverrideWish& wish,
                                  const ServedMap& served, WallTime now) {
  // An answer is bound to a plan's digest, and an override has none: it would be a change that
  // nobody outside has seen.
  if (rules.regulated.contains(wish.map))
    return Error{ErrorCode::kDenied,
                 "no override: map \"" + wish.map +
                     "\" is regulated, and an override would change it without a signed answer; "
                     "commit the value and have its plan answered (portolan approve PLAN --signed "
                     "FILE), or go back: rollback, abort and lock ask nobody"};
  const auto found = rules.desired.maps.find(wish.map);
  if (found == rules.desired.maps.end())
    return Error{ErrorCode::kUnavailable,
                 "no override: no commit since the daemon started declares \"" + wish.map +
                     "\" without errors, so its schema is not known"};
  PORTOLAN_TRY(std::string value, CheckEntry(*found->second, wish));
  const mapcore::Change change[] = {{wish.key, value}};
  DesiredMap changed = *found->second;
  PORTOLAN_TRY(changed.version, served.version.Apply(change));
  if (const auto own = served.masked.find(wish.map); own != served.masked.end())
    manifests::AddSensitive(changed.sensitive, own->second);
  PORTOLAN_CHECK(JudgeHard(rules, changed, wish, served, now));
  return value;
}

}  // namespace portolan::controller
