#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/validate/validator_config.h"
#include "reconciler/ports/validators.h"

namespace portolan::controller {

// Validators that are programs of this machine. Each question is one process under limits, in an
// empty folder of its own, with an empty environment: the request is its standard input, the
// verdict its standard output, {"allow": bool, "message"?: text, "keys"?: [{"key", "message"?}]}.
// Another exit status than 0 and anything that is no verdict are errors. Thread-safe.
class ProcessValidators final : public reconciler::Validators {
 public:
  explicit ProcessValidators(std::vector<ValidatorConfig> validators);

  Result<reconciler::ValidatorAnswer> Ask(const std::string& name,
                                          const manifests::Value& request) override;

 private:
  std::map<std::string, ValidatorConfig> validators_;
};

// Runs a validator's program in an empty folder of its own. Errors: those of RunProcess, kInvalid
// for a request of more than 64 MiB.
Result<ProcessEnd> RunValidator(const ValidatorConfig& validator, std::vector<std::string> command,
                                std::string input);

}  // namespace portolan::controller
