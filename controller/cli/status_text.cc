#include "controller/cli/status_text.h"

#include <algorithm>
#include <sstream>

#include "controller/cli/shadow_text.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

std::string Text(const Value& value, std::string_view key) {
  return OrDash(value.StringOr(key, ""));
}

std::string Number(const Value& value, std::string_view key) {
  return reconciler::Grouped(value.IntOr(key, 0));
}

std::string StepText(const Value& map) {
  if (map.IntOr("step", 0) == 0) return "-";
  return std::to_string(map.IntOr("step", 0)) + "/" + std::to_string(map.IntOr("steps", 0));
}

// "43ad78c94b26 #41 8c1f0e2 (ana): raise the limit", of a version in a
// MapStatus.
std::string VersionText(const Value* version) {
  if (version == nullptr || !version->is_object()) return "-";
  std::string text = ShortDigest(version->StringOr("digest", ""));
  if (version->IntOr("number", 0) > 0) text += " #" + std::to_string(version->IntOr("number", 0));
  const std::string_view commit = version->StringOr("commit", "");
  if (!commit.empty()) text += " " + ShortCommit(commit);
  const std::string_view author = version->StringOr("author", "");
  if (!author.empty()) text += " (" + reconciler::Printable(author) + ")";
  const std::string_view subject = version->StringOr("subject", "");
  if (!subject.empty()) text += ": " + reconciler::Printable(subject);
  return text;
}

void AddRow(std::ostream& out, std::string_view label, const std::string& text) {
  constexpr std::size_t kLabelWidth = 12;
  const std::size_t pad = label.size() < kLabelWidth ? kLabelWidth - label.size() : 1;
  if (!text.empty() && text != "-") out << "  " << label << std::string(pad, ' ') << text << '\n';
}

// "40", or "at most 40" when several reporters may have counted the same ones.
std::string SubjectsText(const Value& arm) {
  const std::int64_t most = arm.IntOr("subjects", 0);
  const bool exact = arm.IntOr("subjectsAtLeast", most) == most;
  return (exact ? "" : "at most ") + Number(arm, "subjects");
}

void AddArms(std::ostream& out, const Value& map) {
  const Value* arms = map.Find("arms");
  if (arms == nullptr || map.IntOr("step", 0) == 0) return;
  for (const std::string_view name : {"stable", "canary"}) {
    const Value* arm = arms->Find(name);
    if (arm != nullptr && arm->is_object())
      AddRow(out, std::string(name) + " arm",
             Number(*arm, "lookups") + " lookups, " + SubjectsText(*arm) + " subjects, " +
                 Number(*arm, "badSubjects") + " bad");
  }
}

void AddInstances(std::ostream& out, const Value& map) {
  const Value* instances = map.Find("instances");
  if (instances == nullptr || map.IntOr("step", 0) == 0) return;
  const std::int64_t lost = instances->IntOr("lost", 0);
  AddRow(out, "instances",
         Text(*instances, "message") + (lost == 0 ? "" : "; " + std::to_string(lost) + " lost"));
}

void AddMetrics(std::ostream& out, const Value& map) {
  for (const Value& metric : ItemsOf(map, "metrics"))
    AddRow(out, "metric",
           Text(metric, "name") + " " + Text(metric, "verdict") + ": " + Text(metric, "message"));
}

void AddShadow(std::ostream& out, const Value& map) {
  const Value* shadow = map.Find("shadow");
  if (shadow == nullptr || !shadow->is_object()) return;
  for (const auto& [label, text] : ShadowRows(*shadow)) AddRow(out, label, text);
}

void AddTroubles(std::ostream& out, const Value& map) {
  for (const Value& finding : ItemsOf(map, "findings"))
    AddRow(
        out, "finding",
        Text(finding, "policy") + " (" + Text(finding, "level") + "): " + Text(finding, "message"));
  for (const Value& item : ItemsOf(map, "quarantine"))
    AddRow(out, "quarantine",
           ShortDigest(item.StringOr("digest", "")) + ": " + Text(item, "reason") + " at " +
               Text(item, "at"));
  const Value* lock = map.Find("lock");
  if (lock != nullptr && lock->is_object())
    AddRow(out, "lock",
           ShortDigest(lock->StringOr("digest", "")) + " by " + Text(*lock, "actor") + ": " +
               Text(*lock, "reason"));
  const Value* suspended = map.Find("suspended");
  if (suspended != nullptr && suspended->is_object())
    AddRow(out, "suspended",
           "until " + Text(*suspended, "until") + " by " + Text(*suspended, "actor") + ": " +
               Text(*suspended, "reason"));
  for (const Value& item : ItemsOf(map, "overrides"))
    AddRow(out, "override",
           Text(item, "key") + " until " + Text(item, "until") + " by " + Text(item, "actor") +
               ": " + Text(item, "reason"));
  for (const Value& line : ItemsOf(map, "rejected"))
    if (line.is_string()) AddRow(out, "rejected", reconciler::Printable(line.as_string()));
}

}  // namespace

TextTable StatusTable(const Value::Array& maps, WallTime now, bool wide) {
  std::vector<std::string> header{"MAP",    "PHASE", "STEP",  "WEIGHT", "STABLE",
                                  "TARGET", "SYNC",  "SINCE", "REASON"};
  // Where there are groups, which maps move together is seen at a glance.
  const bool grouped = std::any_of(maps.begin(), maps.end(), [](const Value& map) {
    return !map.StringOr("group", "").empty();
  });
  if (grouped) header.insert(header.begin() + 1, "GROUP");
  if (wide) header.insert(header.end(), {"SOURCE", "REVISION", "PLAN", "MESSAGE"});
  TextTable table(header);
  for (const Value& map : maps) {
    std::vector<std::string> row{
        Text(map, "map"),
        Text(map, "phase"),
        StepText(map),
        map.IntOr("step", 0) == 0 ? "-" : FormatWeight(map.IntOr("weight", 0)),
        ShortDigest(TextAt(map, {"stable", "digest"})),
        ShortDigest(TextAt(map, {"target", "digest"})),
        Text(map, "sync"),
        FormatAge(map.StringOr("since", ""), now),
        Text(map, "reason")};
    if (grouped) row.insert(row.begin() + 1, Text(map, "group"));
    if (wide)
      row.insert(row.end(), {Text(map, "source"), ShortCommit(TextAt(map, {"desired", "commit"})),
                             ShortDigest(TextAt(map, {"plan"})), Text(map, "message")});
    table.Add(std::move(row));
  }
  return table;
}

std::string StatusTableLine(const Value& map) {
  std::string line = Text(map, "map") + "  " + Text(map, "phase");
  if (map.IntOr("step", 0) > 0)
    line += "  " + StepText(map) + "  " + FormatWeight(map.IntOr("weight", 0));
  line += "  " + ShortDigest(TextAt(map, {"stable", "digest"}));
  const std::string target = TextAt(map, {"target", "digest"});
  if (!target.empty()) line += " -> " + ShortDigest(target);
  const std::string reason = TextAt(map, {"reason"});
  return reason.empty() ? line : line + "  " + reconciler::Printable(reason);
}

std::string StatusDetail(const Value& map, WallTime now) {
  std::ostringstream out;
  out << Text(map, "map") << "  " << Text(map, "phase");
  if (map.IntOr("step", 0) > 0)
    out << "  step " << StepText(map) << " at " << FormatWeight(map.IntOr("weight", 0));
  out << "  for " << FormatAge(map.StringOr("since", ""), now) << '\n';
  AddRow(out, "reason", Text(map, "reason"));
  AddRow(out, "message", Text(map, "message"));
  const std::string why = Text(map, "syncReason");
  AddRow(out, "sync", Text(map, "sync") + (why == "-" ? "" : " (" + why + ")"));
  AddRow(out, "source", Text(map, "source"));
  AddRow(out, "group", Text(map, "group"));
  std::string members;
  for (const Value& member : ItemsOf(map, "maps"))
    if (member.is_string()) members += (members.empty() ? "" : ", ") + member.as_string();
  AddRow(out, "maps", members);
  AddRow(out, "stable", VersionText(map.Find("stable")));
  AddRow(out, "target", VersionText(map.Find("target")));
  AddRow(out, "desired", VersionText(map.Find("desired")));
  AddRow(out, "strategy", Text(map, "strategy"));
  if (map.IntOr("soakRequiredMs", 0) > 0)
    AddRow(out, "soak",
           FormatDuration(Duration(map.IntOr("soakMs", 0))) + " of " +
               FormatDuration(Duration(map.IntOr("soakRequiredMs", 0))));
  AddRow(out, "next look", Text(map, "nextAt"));
  AddArms(out, map);
  AddInstances(out, map);
  AddMetrics(out, map);
  AddShadow(out, map);
  AddRow(out, "plan", ShortDigest(TextAt(map, {"plan"})));
  AddTroubles(out, map);
  return out.str();
}

TextTable HistoryTable(const Value& history, WallTime now, bool wide) {
  std::vector<std::string> header{"NUMBER", "DIGEST", "OUTCOME", "KNOWN-GOOD", "COMMIT", "AGE"};
  if (wide) header.insert(header.end(), {"SIZE", "AT", "AUTHOR"});
  header.emplace_back("SUBJECT");
  TextTable table(header);
  for (const Value& version : ItemsOf(history, "versions")) {
    std::vector<std::string> row{std::to_string(version.IntOr("number", 0)),
                                 ShortDigest(version.StringOr("digest", "")),
                                 Text(version, "outcome"),
                                 version.BoolOr("knownGood", false) ? "yes" : "no",
                                 ShortCommit(version.StringOr("commit", "")),
                                 FormatAge(version.StringOr("at", ""), now)};
    if (wide)
      row.insert(row.end(),
                 {Number(version, "size"), Text(version, "at"), Text(version, "author")});
    row.push_back(Text(version, "subject"));
    table.Add(std::move(row));
  }
  return table;
}

TextTable InstanceTable(const Value::Array& instances, WallTime now) {
  TextTable table({"INSTANCE", "MAP", "STATUS", "ARM", "DIGEST", "LEASE", "SEEN", "REASON"});
  for (const Value& instance : instances) {
    const auto& applied = ItemsOf(instance, "applied");
    std::string digests;
    for (const Value& digest : applied)
      digests += (digests.empty() ? "" : " ") + ShortDigest(digest.as_string());
    table.Add({reconciler::Printable(instance.StringOr("instance", "")), Text(instance, "map"),
               Text(instance, "status"), Text(instance, "arm"), OrDash(digests),
               FormatDuration(Duration(instance.IntOr("leaseLeftMs", 0) / 1000 * 1000)),
               FormatAge(instance.StringOr("lastAckAt", ""), now),
               reconciler::Printable(Text(instance, "reason"))});
  }
  return table;
}

TextTable EventTable(const Value::Array& events, bool wide) {
  std::vector<std::string> header{"SEQUENCE", "TIME", "TYPE", "MAP", "REASON"};
  if (wide) header.insert(header.end(), {"SOURCE", "ACTOR"});
  header.emplace_back("MESSAGE");
  TextTable table(header);
  for (const Value& event : events) {
    std::vector<std::string> row{std::to_string(event.IntOr("sequence", 0)), Text(event, "time"),
                                 Text(event, "type"), Text(event, "map"), Text(event, "reason")};
    if (wide) row.insert(row.end(), {Text(event, "source"), Text(event, "actor")});
    row.push_back(Text(event, "message"));
    table.Add(std::move(row));
  }
  return table;
}

std::string EventLine(const Value& event) {
  return std::to_string(event.IntOr("sequence", 0)) + "  " + Text(event, "time") + "  " +
         Text(event, "type") + "  " + Text(event, "map") + "  " + Text(event, "reason") + "  " +
         Text(event, "message");
}

namespace {

// A heading, and a line for each item; nothing without items.
template <typename Line>
void AddSection(std::ostream& out, const Value& why, std::string_view member, Line line) {
  const auto& items = ItemsOf(why, member);
  if (items.empty()) return;
  out << member << '\n';
  for (const Value& item : items) out << "  " << line(item) << '\n';
}

std::string VerdictLine(const Value& verdict) {
  const std::string message = Text(verdict, "message");
  return Text(verdict, "policy") + " (" + Text(verdict, "level") + ") " + Text(verdict, "outcome") +
         (message == "-" ? "" : ": " + message);
}

std::string StepLine(const Value& step) {
  const std::string name = step.StringOr("step", "").empty()
                               ? "step " + std::to_string(step.IntOr("step", 0))
                               : std::string(step.StringOr("step", ""));
  const std::string end = step.StringOr("endedAt", "").empty()
                              ? "now"
                              : Text(step, "endedAt") + " (" + Text(step, "endedBy") + ")";
  std::string line = name + " at " + FormatWeight(step.IntOr("weight", 0)) + "  " +
                     Text(step, "startedAt") + " to " + end;
  for (const Value& metric : ItemsOf(step, "metrics"))
    line += "\n    " + Text(metric, "name") + " " + Text(metric, "verdict") + ": " +
            Text(metric, "message");
  return line;
}

std::string MeasurementLine(const Value& taken) {
  return Text(taken, "at") + "  " + Text(taken, "metric") + " " + Text(taken, "outcome") + ": " +
         Text(taken, "message");
}

// "T  canary of checkout-1  api/login: rps is 0".
std::string SampleLine(const Value& sample) {
  const std::string key = sample.StringOr("key", "").empty() ? "" : Text(sample, "key") + ": ";
  return Text(sample, "at") + "  " + Text(sample, "arm") + " of " + Text(sample, "instance") +
         "  " + key + Text(sample, "text");
}

void AddEntry(std::ostream& out, const Value& entry) {
  out << "entry " << Text(entry, "key") << '\n';
  const Value* value = entry.Find("value");
  if (value != nullptr)
    AddRow(out, "value", reconciler::Printable(manifests::CanonicalJson(*value)));
  for (const std::string_view key : {"digest", "revision", "author", "subject", "plan", "approver"})
    AddRow(out, key, Text(entry, key));
  const Value* over = entry.Find("override");
  if (over != nullptr && over->is_object())
    AddRow(out, "override",
           "until " + Text(*over, "until") + " by " + Text(*over, "actor") + ": " +
               Text(*over, "reason"));
}

}  // namespace

std::string WhyText(const Value& why) {
  std::ostringstream out;
  out << Text(why, "summary") << '\n';
  for (const Value& fact : ItemsOf(why, "facts"))
    AddRow(out, Text(fact, "label"), Text(fact, "text"));
  const Value* entry = why.Find("entry");
  if (entry != nullptr && entry->is_object()) AddEntry(out, *entry);
  const Value* policies = why.Find("policies");
  if (policies != nullptr && !ItemsOf(*policies, "verdicts").empty()) {
    out << "policies\n";
    for (const Value& verdict : ItemsOf(*policies, "verdicts"))
      if (verdict.StringOr("outcome", "") != "skipped") out << "  " << VerdictLine(verdict) << '\n';
  }
  AddShadow(out, why);
  AddSection(out, why, "approvals", [](const Value& approval) {
    return Text(approval, "at") + "  " + Text(approval, "actor") + ": " + Text(approval, "reason");
  });
  AddSection(out, why, "steps", StepLine);
  AddSection(out, why, "measurements", MeasurementLine);
  AddSection(out, why, "samples", SampleLine);
  AddSection(out, why, "events", [](const Value& event) {
    return Text(event, "time") + "  " + Text(event, "reason") + ": " + Text(event, "message");
  });
  AddSection(out, why, "next", [](const Value& next) {
    return next.is_string() ? reconciler::Printable(next.as_string()) : std::string();
  });
  AddRow(out, "next at", Text(why, "nextAt"));
  return out.str();
}

}  // namespace portolan::controller
