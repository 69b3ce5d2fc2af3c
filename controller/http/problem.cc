#include "controller/http/problem.h"

#include <array>
#include <string>

// RFC 9457. The code is for programs and stays as it is, the detail is for people and may change.

namespace portolan::controller {
namespace {

using manifests::Value;

struct CodeRow {
  ErrorCode code;
  int status;
  std::string_view title;
};

// 507 is WebDAV's (RFC 4918), the nearest to a full disk; 499 is nginx's, for a caller who left.
// Of two codes with one status the first is what a client reads back.
constexpr std::array<CodeRow, 11> kCodes = {{
    {ErrorCode::kInvalid, 400, "The request is not valid"},
    {ErrorCode::kUnauthenticated, 401, "The caller is not known"},
    {ErrorCode::kDenied, 403, "The caller may not do this"},
    {ErrorCode::kNotFound, 404, "There is no such thing"},
    {ErrorCode::kConflict, 409, "The state does not allow this now"},
    {ErrorCode::kCancelled, 499, "The caller gave up"},
    {ErrorCode::kInternal, 500, "An internal error"},
    {ErrorCode::kCorrupt, 500, "Stored data is damaged"},
    {ErrorCode::kUnavailable, 503, "Not available now"},
    {ErrorCode::kTimeout, 504, "A deadline passed"},
    {ErrorCode::kExhausted, 507, "A resource is full"},
}};

const CodeRow& RowOf(ErrorCode code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row;
  }
  // kInternal.
  return kCodes[6];
}

ErrorCode CodeOfStatus(int status) {
  for (const CodeRow& row : kCodes) {
    if (row.status == status) return row.code;
  }
  if (status >= 500 || status == 429) return ErrorCode::kUnavailable;
  return ErrorCode::kInvalid;
}

Response Render(int status, Value::Object fields) {
  Response response = JsonResponse(Value(std::move(fields)), status);
  response.content_type = "application/problem+json";
  return response;
}

}  // namespace

int HttpStatus(ErrorCode code) {
  return RowOf(code).status;
}

std::string_view StatusPhrase(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 34> kPhrases = {{
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {499, "Client Closed Request"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {507, "Insufficient Storage"},
  }};
  for (const auto& [known, phrase] : kPhrases) {
    if (known == status) return phrase;
  }
  return status == 505 ? "HTTP Version Not Supported" : "Unknown";
}

Response ProblemResponse(const Error& error, const Value::Object& extensions) {
  const CodeRow& row = RowOf(error.code);
  // Their messages name files and statements of the daemon's machine.
  const bool hidden = error.code == ErrorCode::kInternal || error.code == ErrorCode::kCorrupt;
  const std::string code(ErrorCodeName(error.code));
  Value::Object fields = {
      {"type", "urn:portolan:problem:" + code},
      {"title", row.title},
      {"status", row.status},
      {"detail", hidden ? "the daemon's log has the details under this request id" : error.message},
      {"code", code},
  };
  fields.insert(fields.end(), extensions.begin(), extensions.end());
  return Render(row.status, std::move(fields));
}

Response ProblemResponse(int status, std::string_view code, std::string_view detail) {
  return Render(status, {{"type", "urn:portolan:problem:" + std::string(code)},
                         {"title", StatusPhrase(status)},
                         {"status", status},
                         {"detail", detail},
                         {"code", code}});
}

// The code in the body wins over the status: several codes may share one.
Error ErrorOfProblem(int status, std::string_view body) {
  Error error{CodeOfStatus(status), "the server answered " + std::to_string(status) + " " +
                                        std::string(StatusPhrase(status))};
  const auto problem = manifests::ParseJson(body);
  if (!problem.ok() || !problem->is_object()) return error;
  const std::string_view detail = problem->StringOr("detail", "");
  if (!detail.empty()) error.message = detail;
  const std::string_view name = problem->StringOr("code", "");
  for (const CodeRow& row : kCodes) {
    if (ErrorCodeName(row.code) == name) error.code = row.code;
  }
  return error;
}

}  // namespace portolan::controller
