#include "reconciler/rollout/writers.h"

#include <algorithm>

namespace portolan::reconciler {
namespace {

using manifests::Value;

void AddEach(std::vector<std::string>& names, const std::vector<std::string>& others) {
  for (const std::string& other : others)
    if (std::ranges::find(names, other) == names.end()) names.push_back(other);
}

std::vector<std::string> StringsAt(const Value& value, std::string_view field) {
  std::vector<std::string> strings;
  if (const Value* list = value.Find(field); list != nullptr && list->is_array())
    for (const Value& item : list->as_array())
      if (item.is_string()) strings.push_back(item.as_string());
  return strings;
}

Value Strings(const std::vector<std::string>& strings) {
  return Value::Array(strings.begin(), strings.end());
}

}  // namespace

void Writers::Add(const Writers& others) {
  AddEach(authors, others.authors);
  AddEach(signers, others.signers);
}

void WriteWriters(const Writers& writers, Value& value) {
  value.Set("authors", Strings(writers.authors));
  if (!writers.signers.empty()) value.Set("signers", Strings(writers.signers));
}

Writers WritersFrom(const Value& value) {
  return {StringsAt(value, "authors"), StringsAt(value, "signers")};
}

}  // namespace portolan::reconciler
