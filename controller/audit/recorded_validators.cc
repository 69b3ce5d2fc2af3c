#include "controller/audit/recorded_validators.h"

namespace portolan::controller {

Result<reconciler::ValidatorAnswer> RecordedValidators::Ask(const std::string& name,
                                                            const manifests::Value& request) {
  ++asked_;
  for (const reconciler::PolicyVerdict& verdict : report_.verdicts) {
    if (verdict.policy != request.StringOr("policy", "")) continue;
    if (verdict.outcome == reconciler::Outcome::kError)
      return Error{ErrorCode::kUnavailable, verdict.message};
    reconciler::ValidatorAnswer answer;
    answer.allow = verdict.outcome == reconciler::Outcome::kAllow;
    answer.message = verdict.message;
    for (const reconciler::DeniedKey& key : verdict.keys)
      answer.keys.push_back({key.key, key.message});
    return answer;
  }
  return Error{ErrorCode::kNotFound, "no verdict of the validator " + name + " is recorded"};
}

}  // namespace portolan::controller
