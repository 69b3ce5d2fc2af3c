#include "reconciler/rollout/writers.h"

#include <algorithm>

namespace portolan::reconciler {
namespace {

using manifests::Value;

void AddEach(std::vector<std::string>& names, const std::vector<std::string>& others) {
  for (const std::string& other : others)
    if (std::ranges::find(names, other) == names.end()) names.push_back(other);
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
  return {value.StringsAt("authors"), value.StringsAt("signers")};
}

}  // namespace portolan::reconciler
