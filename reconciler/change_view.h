#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/plan.h"

namespace portolan::reconciler {

constexpr std::size_t kValueCellsMax = 72;  // of one value in text and markdown; JSON is never cut
constexpr std::size_t kKeyCellsMax = 120;
constexpr std::size_t kFieldsShownMax = 4;  // more changed fields: the whole values are shown

// True when a key's values must not be printed.
bool IsSensitive(const MapPlan& plan, std::string_view key);

// What stands for a value of such a key: MaskedValue, or "«redacted sha256:ab12»" of a secret.
std::string MaskedValueOf(const MapPlan& plan, std::string_view key, std::string_view value);
// What stands for a secret.
std::string RedactedValue(std::string_view value);

// What stands for a sensitive value: "«sensitive sha256:ab12»", 16 bits of its hash, enough to see
// that it changed.
std::string MaskedValue(std::string_view value);

// One value, or one field of an object, before and after; printable, masked, and cut where they
// differ.
struct FieldView {
  std::string path;  // "limits.rps"; empty: the whole value
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::string relative;  // "+60 %" between two numbers; else empty
};

// One key's change as people see it. An update of an object shows its changed fields.
struct ChangeView {
  char sign;                      // '+', '~' or '-'
  std::string key;                // printable, cut
  std::vector<FieldView> fields;  // never empty
};

ChangeView ViewChange(const MapPlan& plan, const KeyChange& change);

}  // namespace portolan::reconciler
