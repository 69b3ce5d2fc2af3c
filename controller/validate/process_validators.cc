#include "controller/validate/process_validators.h"

#include "controller/process/scratch_folder.h"
#include "controller/validate/promtool.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;
using reconciler::ValidatorAnswer;

constexpr std::size_t kRequestBytesMax = 64u << 20;
constexpr std::size_t kComplaintBytesMax = 200;

std::map<std::string, ValidatorConfig> ByName(std::vector<ValidatorConfig> validators) {
  std::map<std::string, ValidatorConfig> by_name;
  for (ValidatorConfig& validator : validators) {
    std::string name = validator.name;
    by_name.emplace(std::move(name), std::move(validator));
  }
  return by_name;
}

// The last line that the program complained with, for people.
std::string Complaint(const std::string& errors) {
  std::string text = errors;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  text = text.substr(text.rfind('\n') + 1).substr(0, kComplaintBytesMax);
  return text.empty() ? "" : ": " + reconciler::Printable(text);
}

Error NoVerdict(const std::string& found) {
  return {ErrorCode::kInvalid,
          "its output is no verdict: expected a JSON object such as "
          "{\"allow\": false, \"message\": \"why\"}, found " +
              found};
}

Result<std::vector<ValidatorAnswer::Key>> ReadKeys(const Value& verdict) {
  std::vector<ValidatorAnswer::Key> keys;
  const Value* items = verdict.Find("keys");
  if (items == nullptr) return keys;
  if (!items->is_array()) return NoVerdict("keys that are no list");
  for (const Value& item : items->as_array()) {
    const Value* key = item.is_object() ? item.Find("key") : nullptr;
    if (key == nullptr || !key->is_string()) return NoVerdict("a key without a name");
    keys.push_back({key->as_string(), std::string(item.StringOr("message", ""))});
  }
  return keys;
}

Result<ValidatorAnswer> ReadVerdict(const std::string& output) {
  const auto verdict = manifests::ParseJson(output);
  if (!verdict.ok()) return NoVerdict(output.empty() ? "nothing" : "no JSON");
  const Value* allow = verdict->is_object() ? verdict->Find("allow") : nullptr;
  if (allow == nullptr || !allow->is_bool()) return NoVerdict("no boolean `allow`");
  ValidatorAnswer answer;
  answer.allow = allow->as_bool();
  answer.message = verdict->StringOr("message", "");
  PORTOLAN_TRY(answer.keys, ReadKeys(*verdict));
  return answer;
}

Result<ValidatorAnswer> AskProgram(const ValidatorConfig& validator, const Value& request) {
  PORTOLAN_TRY(const ProcessEnd end,
               RunValidator(validator, validator.command, manifests::CanonicalJson(request)));
  if (end.exit_code != 0)
    return Error{ErrorCode::kUnavailable, "it " + end.Describe() + Complaint(end.errors)};
  return ReadVerdict(end.output);
}

}  // namespace

ProcessValidators::ProcessValidators(std::vector<ValidatorConfig> validators)
    : validators_(ByName(std::move(validators))) {}

Result<ValidatorAnswer> ProcessValidators::Ask(const std::string& name, const Value& request) {
  const auto found = validators_.find(name);
  if (found == validators_.end())
    return Error{ErrorCode::kNotFound, "it is not among the validators of the configuration"};
  if (found->second.command.empty()) return AskPromtool(found->second, request);
  return AskProgram(found->second, request);
}

Result<ProcessEnd> RunValidator(const ValidatorConfig& validator, std::vector<std::string> command,
                                std::string input) {
  if (input.size() > kRequestBytesMax)
    return Error{ErrorCode::kInvalid,
                 "the map is too large for it: " + std::to_string(input.size()) +
                     " bytes, at most " + std::to_string(kRequestBytesMax)};
  PORTOLAN_TRY(const ScratchFolder folder, ScratchFolder::Make());
  ProcessCall call;
  call.arguments = std::move(command);
  call.environment = {"LC_ALL=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin",
                      "HOME=" + folder.path(), "TMPDIR=" + folder.path()};
  call.directory = folder.path();
  call.input = std::move(input);
  call.limits = validator.limits;
  return RunProcess(call);
}

}  // namespace portolan::controller
