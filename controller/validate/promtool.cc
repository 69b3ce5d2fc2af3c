#include "controller/validate/promtool.h"

#include <algorithm>
#include <sstream>

#include "controller/validate/process_validators.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::ValidatorAnswer;

constexpr std::string_view kGroup = "group \"";

Value::Array RulesOf(const Value& value) {
  if (value.is_string())
    return {Value::Object{{"record", "portolan:expression"}, {"expr", value.as_string()}}};
  const Value* rules = value.is_object() ? value.Find("rules") : nullptr;
  if (rules != nullptr && rules->is_array()) return rules->as_array();
  return {value};
}

// The key in "… group "KEY", rule 1, …", as promtool quotes it; nothing for a line of another form.
std::string KeyIn(const std::string& line) {
  const std::size_t at = line.find(kGroup);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + kGroup.size();
  const std::size_t end = line.find("\", rule", begin);
  return end == std::string::npos ? "" : line.substr(begin, end - begin);
}

// What promtool says of one rule, without the name of our file before it.
std::string WithoutFile(const std::string& line) {
  const std::size_t at = line.find(kGroup);
  return reconciler::Printable(at == std::string::npos ? line : line.substr(at));
}

ValidatorAnswer Denial(const std::string& errors) {
  ValidatorAnswer answer;
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(' ') == std::string::npos || line.find("FAILED") < 4) continue;
    const std::string text = WithoutFile(line);
    if (answer.message.empty()) answer.message = text;
    if (std::string key = KeyIn(line); !key.empty()) answer.keys.push_back({std::move(key), text});
  }
  if (answer.message.empty()) answer.message = "promtool refuses the rules and does not say why";
  return answer;
}

}  // namespace

Value RuleFile(const Value& entries) {
  Value::Array groups;
  if (entries.is_object())
    for (const auto& [key, value] : entries.as_object())
      groups.push_back(Value::Object{{"name", key}, {"rules", RulesOf(value)}});
  return Value::Object{{"groups", std::move(groups)}};
}

Result<ValidatorAnswer> AskPromtool(const ValidatorConfig& validator, const Value& request) {
  PORTOLAN_TRY(std::string program, FindProgram("promtool", "prometheus"));
  const Value* entries = request.Find("entries");
  const Value file = RuleFile(entries == nullptr ? Value(Value::Object{}) : *entries);
  PORTOLAN_TRY(const ProcessEnd end,
               RunValidator(validator, {std::move(program), "check", "rules", "/dev/stdin"},
                            manifests::CanonicalJson(file)));
  // 1: the rules are wrong, 3: a lint that was asked to be an error; others are failures.
  if (end.exit_code == 0) return ValidatorAnswer{true, "", {}};
  if (end.exit_code == 1) return Denial(end.errors);
  return Error{ErrorCode::kUnavailable, "promtool " + end.Describe()};
}

}  // namespace portolan::controller
