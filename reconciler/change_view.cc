#include "reconciler/change_view.h"

#include <algorithm>
#include <utility>

#include "manifests/entries.h"
#include "manifests/value.h"
#include "mapcore/base/digest.h"
#include "reconciler/text_format.h"

// One change as all renderings show it, so that masking and escaping happen in one place. Values
// are foreign text: they are made printable first and cut second, for a cut through an escape
// would show something else.

namespace portolan::reconciler {
namespace {

using manifests::Value;

// Code points that both texts begin with.
std::size_t SharedCells(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  std::size_t bytes = static_cast<std::size_t>(end - a.begin());
  while (bytes > 0 && bytes < a.size() && (static_cast<unsigned char>(a[bytes]) & 0xC0) == 0x80)
    --bytes;
  return CellCount(a.substr(0, bytes));
}

std::string DropCells(std::string_view text, std::size_t cells) {
  std::size_t bytes = 0;
  while (cells > 0 && bytes < text.size()) {
    ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
    --cells;
  }
  return "…" + std::string(text.substr(bytes));
}

// Shortens both sides, beginning shortly before the place where they differ, so that the difference
// stays visible.
void CutPair(std::string& before, std::string& after) {
  // Enough to recognise the place in a longer text.
  constexpr std::size_t kContext = 16;
  const std::size_t longest = std::max(CellCount(before), CellCount(after));
  const std::size_t shared = SharedCells(before, after);
  if (longest > kValueCellsMax && shared > kValueCellsMax / 2) {
    before = DropCells(before, shared - kContext);
    after = DropCells(after, shared - kContext);
  }
  before = Cut(before, kValueCellsMax);
  after = Cut(after, kValueCellsMax);
}

FieldView View(std::string path, std::optional<std::string> before,
               std::optional<std::string> after) {
  FieldView view{Printable(path), std::nullopt, std::nullopt, ""};
  if (before) view.before = Printable(*before);
  if (after) view.after = Printable(*after);
  if (view.before && view.after) {
    CutPair(*view.before, *view.after);
  } else {
    std::optional<std::string>& only = view.before ? view.before : view.after;
    if (only) only = Cut(*only, kValueCellsMax);
  }
  return view;
}

std::optional<std::string> Canonical(const Value* value) {
  if (value == nullptr) return std::nullopt;
  return manifests::CanonicalJson(*value);
}

std::string Relative(const Value& before, const Value& after) {
  if (!before.is_number() || !after.is_number()) return "";
  return RelativeChange(before.as_double(), after.as_double());
}

void CollectFields(const std::string& path, const Value* before, const Value* after,
                   std::vector<FieldView>& fields);

void CollectMembers(const std::string& path, const Value& before, const Value& after,
                    std::vector<FieldView>& fields) {
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [name, value] : before.as_object()) {
    CollectFields(prefix + name, &value, after.Find(name), fields);
  }
  for (const auto& [name, value] : after.as_object()) {
    if (before.Find(name) == nullptr) CollectFields(prefix + name, nullptr, &value, fields);
  }
}

void CollectFields(const std::string& path, const Value* before, const Value* after,
                   std::vector<FieldView>& fields) {
  // One more than are shown is enough to know that the whole values are shown instead.
  if (fields.size() > kFieldsShownMax) return;
  if (before != nullptr && after != nullptr) {
    if (before->is_object() && after->is_object()) {
      return CollectMembers(path, *before, *after, fields);
    }
    // 1 and 1.0 are the same entry, as they are the same bytes of the digest.
    if (Canonical(before) == Canonical(after)) return;
  }
  FieldView field = View(path, Canonical(before), Canonical(after));
  if (before != nullptr && after != nullptr) field.relative = Relative(*before, *after);
  fields.push_back(std::move(field));
}

std::vector<FieldView> ViewUpdate(const std::string& before, const std::string& after) {
  const auto old_value = manifests::ParseJson(before);
  const auto new_value = manifests::ParseJson(after);
  std::vector<FieldView> fields;
  if (old_value && new_value) CollectFields("", &*old_value, &*new_value, fields);
  if (fields.empty() || fields.size() > kFieldsShownMax) fields = {View("", before, after)};
  return fields;
}

}  // namespace

bool IsSensitive(const MapPlan& plan, std::string_view key) {
  return manifests::IsSensitiveKey(plan.sensitive, key);
}

// 16 bits: enough to see that two values differ, too few to confirm a guess among many.
std::string MaskedValue(std::string_view value) {
  return "«sensitive sha256:" + Sha256Of(value).Hex().substr(0, 4) + "»";
}

ChangeView ViewChange(const MapPlan& plan, const KeyChange& change) {
  ChangeView view{'~', Cut(Printable(change.key), kKeyCellsMax), {}};
  if (change.action == Action::kCreated) view.sign = '+';
  if (change.action == Action::kDeleted) view.sign = '-';
  if (IsSensitive(plan, change.key)) {
    FieldView field;
    if (change.before) field.before = MaskedValue(*change.before);
    if (change.after) field.after = MaskedValue(*change.after);
    view.fields.push_back(std::move(field));
  } else if (change.before && change.after) {
    view.fields = ViewUpdate(*change.before, *change.after);
  } else {
    view.fields.push_back(View("", change.before, change.after));
  }
  return view;
}

}  // namespace portolan::reconciler
