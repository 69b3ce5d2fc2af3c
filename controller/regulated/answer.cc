#include "controller/regulated/answer.h"

#include <algorithm>
#include <array>

#include "controller/signature/ssh_signature.h"

namespace portolan::controller {
namespace {

using manifests::Value;

// Clocks of two machines may differ by so much.
constexpr Duration kClockSkew = std::chrono::minutes(5);

constexpr std::array<std::string_view, 7> kMembers = {"apiVersion", "plan",   "map",  "decision",
                                                      "at",         "reason", "class"};

Error Malformed(const std::string& what) {
  return {ErrorCode::kInvalid,
          "the answer: " + what +
              "; expected {\"apiVersion\": \"portolan.answer/v1\", \"plan\": \"sha256:…\", "
              "\"map\": NAME, \"decision\": \"approve\", \"at\": \"2026-11-21T10:00:00Z\"}"};
}

Error Refused(std::string_view reason, const std::string& what) {
  return {ErrorCode::kDenied, std::string(reason) + ": the answer " + what};
}

Result<Value> ParseAnswer(const std::string& text) {
  if (text.size() > kAnswerTextBytesMax) return Malformed("is longer than 16 KiB");
  auto value = manifests::ParseJson(text);
  if (!value.ok()) return Malformed("is no JSON, " + value.error().message);
  if (!value->is_object()) return Malformed("is no object");
  for (const auto& [name, member] : value->as_object()) {
    if (std::ranges::find(kMembers, name) == kMembers.end())
      return Malformed("has an unknown member \"" + name + "\"");
    if (!member.is_string()) return Malformed("\"" + name + "\" is no string");
  }
  if (value->StringOr("apiVersion", "") != kAnswerApiVersion)
    return Malformed("has another apiVersion");
  const std::string_view kept = value->StringOr("class", "regulated");
  if (kept != "regulated" && kept != "none")
    return Malformed("\"class\" is neither \"regulated\" nor \"none\"");
  return value;
}

Status CheckAge(const Value& value, const AnswerTo& to) {
  const auto at = ParseTime(value.StringOr("at", ""));
  if (!at.ok()) return Malformed("\"at\" is no time in UTC");
  if (*at > to.given + kClockSkew)
    return Refused("FromTheFuture", "says that it is of " + FormatTime(*at));
  if (to.given - *at > to.max_age)
    return Refused("TooOld", "is of " + FormatTime(*at) + "; sign a new one");
  return {};
}

}  // namespace

Result<ExternalAnswer> VerifyAnswer(const SignedAnswer& answer, const AnswerTo& to,
                                    const Signers& signers) {
  if (answer.signature.size() > kAnswerSignatureBytesMax)
    return Malformed("its signature is longer than 16 KiB");
  ExternalAnswer verified;
  PORTOLAN_TRY(verified.signers, VerifySsh(SignedBytes{"the answer", std::string(kAnswerNamespace),
                                                       answer.signature, answer.text},
                                           signers.ssh));
  PORTOLAN_TRY(const Value value, ParseAnswer(answer.text));
  // By text: a digest has one spelling.
  if (value.StringOr("plan", "") != to.plan.ToString() || value.StringOr("map", "") != to.map)
    return Refused("OtherPlan", "is for plan " + std::string(value.StringOr("plan", "none")) +
                                    " of map \"" + std::string(value.StringOr("map", "")) +
                                    "\", not for " + to.plan.ToString() + " of \"" + to.map + "\"");
  if (value.StringOr("decision", "") != "approve")
    return Refused("NotApproved", "decides \"" + std::string(value.StringOr("decision", "")) +
                                      "\"; " + "only \"approve\" lets the plan go on");
  PORTOLAN_CHECK(CheckAge(value, to));
  verified.reason = value.StringOr("reason", "");
  verified.releases = value.StringOr("class", "regulated") == "none";
  return verified;
}

}  // namespace portolan::controller
