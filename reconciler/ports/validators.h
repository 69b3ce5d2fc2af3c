#pragma once

#include <string>
#include <vector>

#include "manifests/value.h"
#include "mapcore/base/result.h"

namespace portolan::reconciler {

// What a validator said of one plan.
struct ValidatorAnswer {
  struct Key {
    std::string key;
    std::string message;
  };

  bool allow = false;
  std::string message;    // of a denial
  std::vector<Key> keys;  // that it denies; may be empty
};

// Programs beside the expression language that judge whole plans, by the names that the operator
// gave them. Implementations bound what a program may use. Thread-safe.
class Validators {
 public:
  virtual ~Validators() = default;
  // Asks one of them; `request` is described in docs/policies.md. Every error denies: kNotFound for
  // a name that is not configured; kTimeout, kExhausted, kUnavailable, kInvalid as the program goes
  // wrong. The message is a sentence for people.
  virtual Result<ValidatorAnswer> Ask(const std::string& name, const manifests::Value& request) = 0;
};

}  // namespace portolan::reconciler
