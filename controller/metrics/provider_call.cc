#include "controller/metrics/provider_call.h"

#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

constexpr std::size_t kBodyShownMax = 300;

std::string Shown(std::string_view text) {
  return reconciler::Printable(text.substr(0, kBodyShownMax));
}

Error NoAnswer(const Error& error, const HttpClient::Call& call, const std::string& server) {
  switch (error.code) {
    case ErrorCode::kTimeout:
      return {error.code, server + " did not answer within " + FormatDuration(call.deadline)};
    case ErrorCode::kExhausted:
      return {error.code, "the answer of " + server + " is larger than " +
                              std::to_string(kAnswerBytesMax) + " bytes"};
    case ErrorCode::kCancelled:
      return {error.code, "the question to " + server + " was given up"};
    default:
      return {ErrorCode::kUnavailable, server + " does not answer"};
  }
}

// Decides about the circuit: kUnavailable is the server's fault, kInvalid that of the question.
ErrorCode CodeOf(int status) {
  if (status == 401) return ErrorCode::kUnauthenticated;
  if (status == 403) return ErrorCode::kDenied;
  return status == 429 || status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
}

}  // namespace

Result<std::string> CallProvider(const ProviderTransport& transport, const HttpClient::Call& call,
                                 const std::string& server) {
  auto answer = transport(call);
  if (!answer.ok()) return NoAnswer(answer.error(), call, server);
  const int status = answer->status;
  if (status == 200) return std::move(answer->body);
  // Following one would send the token wherever the answer says.
  if (status >= 300 && status < 400)
    return Error{ErrorCode::kInvalid,
                 server + " redirects (" + std::to_string(status) + ") to " +
                     Shown(answer->Header("location")) +
                     "; redirects are not followed: configure the final address"};
  const std::string body = Shown(answer->body);
  return Error{CodeOf(status),
               server + " answered " + std::to_string(status) + (body.empty() ? "" : ": " + body)};
}

}  // namespace portolan::controller
