#pragma once

#include <string>
#include <string_view>

#include "controller/reconcile/external_approval.h"
#include "controller/signature/signers.h"

namespace portolan::controller {

// Of the signatures of answers, as `ssh-keygen -Y sign -n` takes it: one that was made for a commit
// or a file answers nothing.
inline constexpr std::string_view kAnswerNamespace = "portolan.regulated";
inline constexpr std::string_view kAnswerApiVersion = "portolan.answer/v1";

constexpr std::size_t kAnswerTextBytesMax = 16 << 10;
constexpr std::size_t kAnswerSignatureBytesMax = 16 << 10;

// What an answer is about.
struct AnswerTo {
  std::string map;
  Digest plan;
  WallTime given{};                           // when it came in
  Duration max_age = std::chrono::hours(24);  // of its `at`, at that time
};

// Verifies an answer of docs/policies.md, "Regulated maps": its signature by one of the signers'
// SSH keys first, then what it says. Nothing of an answer is believed before that. Thread-safe.
// Errors: those of ExternalApproval::Check.
Result<ExternalAnswer> VerifyAnswer(const SignedAnswer& answer, const AnswerTo& to,
                                    const Signers& signers);

}  // namespace portolan::controller
