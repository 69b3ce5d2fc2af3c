#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/decoder.h"
#include "manifests/schema.h"
#include "manifests/text_rule.h"

namespace portolan::manifests {

// What the entries of one map must look like.
struct EntryRules {
  std::shared_ptr<const Schema> schema;  // of values; null: any value
  TextRule keys;
  std::vector<std::string> sensitive;  // key globs: messages do not repeat these values
};

// An entry that passed the rules, and where it stands.
struct CheckedEntry {
  std::string key;
  std::string value;  // canonical JSON
  Position position;  // of the key
};

// Whether a sensitive glob covers the key.
bool IsSensitiveKey(const std::vector<std::string>& globs, std::string_view key);
// Adds those of `more` that are not among the globs.
void AddSensitive(std::vector<std::string>& globs, const std::vector<std::string>& more);

// Reads the members of a mapping as entries. Entries with errors are reported and left out. A value
// that is exactly {secretRef: NAME} is exempt from the schema. Time linear in the text; duplicates
// across files are the caller's concern.
std::vector<CheckedEntry> CheckEntries(const Field& mapping, const EntryRules& rules,
                                       Report& report);

}  // namespace portolan::manifests
