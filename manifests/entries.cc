#include "manifests/entries.h"

#include <algorithm>

#include "manifests/fields.h"
#include "mapcore/map_version.h"
#include "mapcore/traffic_split.h"

// An entry's way: key, type of its scalars, schema, canonical bytes. The bytes that are made here
// are those that are hashed, stored, sent and compared; nobody behind this point parses or formats
// a value again.

namespace portolan::manifests {
namespace {

using mapcore::kKeyBytesMax;
using mapcore::kValueBytesMax;

// C0, DEL, and C1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F).
bool HasControlCharacter(std::string_view key) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto c = static_cast<unsigned char>(key[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < key.size() && static_cast<unsigned char>(key[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

// Keys travel in URLs, logs and terminals: a control character could hide or forge a line there.
std::string KeyFault(std::string_view key, const EntryRules& rules) {
  if (key.empty() || key.size() > kKeyBytesMax)
    return "expected a key of 1 to 512 bytes, found " + std::to_string(key.size());
  if (HasControlCharacter(key)) return "a key must not hold control characters";
  if (rules.keys.empty()) return "";
  const std::string expected = rules.keys.Explain(key);
  return expected.empty()
             ? ""
             : "the key breaks keySchema: " + expected + ", found " + QuoteForMessage(key);
}

// Exactly this shape and no more: anything beside secretRef is a value like any other, and the
// schema sees it.
bool IsSecretReference(const Value& value) {
  if (!value.is_object() || value.as_object().size() != 1) return false;
  const Value* name = value.Find("secretRef");
  return name != nullptr && name->is_string() && !name->as_string().empty();
}

// The typed value. What cannot be typed is reported, without its text when it is sensitive.
std::optional<Value> ReadEntryValue(const Field& field, bool sensitive, Report& report) {
  if (!sensitive) return ReadValue(field, report);
  Report unshown(report.file());
  auto value = ReadValue(field, unshown);
  for (Diagnostic& diagnostic : unshown.Take()) {
    diagnostic.message = "a sensitive value that has no type as it is written";
    diagnostic.hint = "quote it";
    report.Add(std::move(diagnostic));
  }
  return value;
}

// The canonical value, or nothing after reporting why there is none.
std::optional<std::string> CheckValue(const Field& field, std::string_view key,
                                      const EntryRules& rules, Report& report) {
  const bool sensitive = IsSensitiveKey(rules.sensitive, key);
  const auto value = ReadEntryValue(field, sensitive, report);
  if (!value) return std::nullopt;
  if (value->is_null()) {
    report.Error(field, "expected a value, found null", "to delete an entry, remove its key");
    return std::nullopt;
  }
  const std::size_t before = report.size();
  if (rules.schema != nullptr && !IsSecretReference(*value))
    rules.schema->Check(field, *value, {.mask = sensitive}, report);
  std::string canonical = CanonicalJson(*value);
  if (canonical.size() > kValueBytesMax)
    report.Error(field, "expected a value of at most 65535 bytes as canonical JSON, found " +
                            std::to_string(canonical.size()));
  if (report.size() != before) return std::nullopt;
  return canonical;
}

}  // namespace

bool IsSensitiveKey(const std::vector<std::string>& globs, std::string_view key) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return mapcore::GlobMatch(glob, key); });
}

void AddSensitive(std::vector<std::string>& globs, const std::vector<std::string>& more) {
  for (const std::string& glob : more)
    if (std::find(globs.begin(), globs.end(), glob) == globs.end()) globs.push_back(glob);
}

std::vector<CheckedEntry> CheckEntries(const Field& mapping, const EntryRules& rules,
                                       Report& report) {
  std::vector<CheckedEntry> entries;
  if (!mapping) return entries;
  if (mapping.node->kind != Node::Kind::kMapping) {
    report.Error(mapping, "expected an object of entries, found " + Found(*mapping.node));
    return entries;
  }
  entries.reserve(mapping.node->members.size());
  for (const Node::Member& member : mapping.node->members) {
    const Field field{&member.value, mapping.path.Member(member.key)};
    std::string fault = KeyFault(member.key, rules);
    if (!fault.empty()) {
      Diagnostic diagnostic = ErrorAt(report.file(), member.position, fault);
      diagnostic.field = mapping.path.ToString();
      report.Add(std::move(diagnostic));
    }
    auto value = CheckValue(field, member.key, rules, report);
    // The value of a bad key was checked all the same, for its errors.
    if (value && fault.empty()) entries.push_back({member.key, *std::move(value), member.position});
  }
  return entries;
}

}  // namespace portolan::manifests
