#include "controller/cli/shadow_text.h"

#include <cstdio>

#include "controller/cli/output.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

std::string ThreeDigits(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

double NumberAt(const Value& value, std::string_view key) {
  const Value* found = value.Find(key);
  return found != nullptr && found->is_number() ? found->as_double() : 0;
}

std::string Count(const Value& value, std::string_view key) {
  return reconciler::Grouped(value.IntOr(key, 0));
}

std::string ExampleText(const Value& example) {
  const Value* distance = example.Find("distance");
  const bool finite = distance != nullptr && distance->is_number();
  return "; subject " + std::string(example.StringOr("subjectHash", "")) + ": " +
         reconciler::Printable(example.StringOr("stable", "")) + " -> " +
         reconciler::Printable(example.StringOr("canary", "")) +
         (finite ? ", distance " + ThreeDigits(distance->as_double()) : "");
}

std::string KeyText(const Value& key) {
  std::string text = reconciler::Printable(key.StringOr("key", "")) + ":";
  const auto add = [&](std::string_view count, std::string_view what, std::string_view first) {
    if (key.IntOr(count, 0) > 0) text += std::string(first) + Count(key, count) + std::string(what);
  };
  add("differing", " lookups differ", " ");
  add("lost", " of them find nothing", ", ");
  add("disagreeing", " outputs disagree", key.IntOr("differing", 0) > 0 ? ", " : " ");
  add("failed", " of them failed", ", ");
  if (!key.BoolOr("planned", false)) text += ", though the plan does not change the key";
  const Value* example = key.Find("example");
  return example == nullptr ? text : text + ExampleText(*example);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ShadowRows(const Value& shadow) {
  std::vector<std::pair<std::string, std::string>> rows;
  rows.emplace_back("shadow", FormatDuration(Duration(shadow.IntOr("soakMs", 0))) + " of " +
                                  FormatDuration(Duration(shadow.IntOr("soakRequiredMs", 0))) +
                                  ", " + FormatWeight(shadow.IntOr("share", 0)) +
                                  " of lookups, tolerance " +
                                  ThreeDigits(NumberAt(shadow, "tolerance")));
  rows.emplace_back("compared", shadow.StringOr("message", ""));
  if (shadow.IntOr("changedKeys", 0) > 0)
    rows.emplace_back("changed keys", Count(shadow, "changedKeysLookedUp") + " of " +
                                          Count(shadow, "changedKeys") + " were looked up");
  for (const Value& key : ItemsOf(shadow, "keys")) rows.emplace_back("disagrees", KeyText(key));
  const std::int64_t more = shadow.IntOr("moreKeys", 0);
  const std::int64_t elsewhere = shadow.IntOr("elsewhere", 0);
  if (more > 0) rows.emplace_back("disagrees", "and " + reconciler::Grouped(more) + " more keys");
  if (elsewhere > 0)
    rows.emplace_back("disagrees", reconciler::Grouped(elsewhere) +
                                       " more differences, on keys that are not counted apart");
  return rows;
}

}  // namespace portolan::controller
