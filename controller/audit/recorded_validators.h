#pragma once

#include "reconciler/policy/report.h"
#include "reconciler/ports/validators.h"

namespace portolan::controller {

// Answers for the programs that judged a plan what they answered then, as the report has it: a
// program of another machine cannot be run again. One thread's own.
class RecordedValidators final : public reconciler::Validators {
 public:
  // `report` outlives this.
  explicit RecordedValidators(const reconciler::PolicyReport& report) : report_(report) {}

  Result<reconciler::ValidatorAnswer> Ask(const std::string& name,
                                          const manifests::Value& request) override;
  int asked() const { return asked_; }

 private:
  const reconciler::PolicyReport& report_;
  int asked_ = 0;
};

}  // namespace portolan::controller
