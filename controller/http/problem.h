#pragma once

#include <string_view>

#include "controller/http/message.h"

namespace portolan::controller {

// The one table from a code to an HTTP status.
int HttpStatus(ErrorCode code);
// The standard phrase: "Not Found"; "Unknown" for a status we never send.
std::string_view StatusPhrase(int status);

// RFC 9457 application/problem+json: {type, title, status, detail, code, …extensions}. `code` is
// ErrorCodeName. The messages of kInternal and kCorrupt stay out of the answer (they name files and
// statements): they belong in the log, under the answer's X-Request-Id.
Response ProblemResponse(const Error& error, const manifests::Value::Object& extensions = {});
// A refusal of the HTTP layer itself, whose status is finer than our codes: 405, 411, 431. `code`
// is snake case.
Response ProblemResponse(int status, std::string_view code, std::string_view detail);

// What a problem says, read on the client's side. Bodies that are no problem+json give the code
// nearest to the status and a message that quotes the status.
Error ErrorOfProblem(int status, std::string_view body);

}  // namespace portolan::controller
